/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VMM that is just enough to run nestbox under KVM: main.c says how it is used.
 *
 *	main.c	  options, and the order of things
 *	init.c	  the duties of process 1: mounts, KVM's modules, files of the initramfs
 *	outer.c	  what is around us: its consoles, and how it is ended
 *	load.c	  what a multiboot2 loader does: the ELF, the command line, boot information
 *	acpi.c	  tables that list the CPUs
 *	vm.c	  the VM: memory, interrupt controllers, PIT, CPUID
 *	vcpu.c	  vCPUs, a thread each, and their exits
 *	ports.c	  COM1, and the port that ends the machine
 *	migrate.c when and how the guest goes on in another VM; pause.c: all vCPUs stopped;
 *		  state.c: all state but memory
 */
#ifndef TEST_KVM_VMM_H
#define TEST_KVM_VMM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CPUS_MAX = 16,
	MIB_MIN = 24,
	MIB_MAX = 2048,		/* memory is one piece, and ends below the devices */
	WORDS_MAX = 511 + 1024, /* kernel/host/bootinfo.h, kernel/host/words.h */

	/* Where things lie in the guest's memory. */
	LOW_END = 0x9f000,
	INFO_AT = 0x10000,
	ROM_AT = 0xe0000,
	HIGH_AT = 0x100000,
};

struct options {
	unsigned cpus, mib;
	bool bochs;	  /* the machine around us is Bochs, not QEMU */
	bool keep_vmcall; /* KVM must not replace the guest's VMCALL or VMMCALL */
	bool verbose;
	unsigned migrations;
	uint64_t seed; /* of their moments */
	const char *elf;
	char words[WORDS_MAX + 1]; /* the kernel's command line */
};

extern struct options options;

/* ---- outer.c ---- */

enum { NO_VERDICT = -1 };

/* Process 1: the machine around us is ours, and ends with us. */
bool is_init(void);
void outer_take_ports(void);
void outer_put_serial(uint8_t byte);

/* One line of ours, on the console. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends with what the guest wrote to isa-debug-exit, or NO_VERDICT. */
_Noreturn void outer_end(int value);

/* Says "WHAT: WHY", and ends without a verdict. */
_Noreturn void die(const char *why, const char *what, ...) __attribute__((format(printf, 2, 3)));

/* ---- init.c ---- */

void init_begin(void);
void say_what_is_below(void);

/* A file's bytes, a NUL behind them. */
char *read_file(const char *path, size_t *size);

/* The first line of a file that may be missing: NULL. It may be changed. */
char *read_line(const char *path);

/* ---- load.c, acpi.c ---- */

/* Returns where the kernel is entered. */
uint32_t load_kernel(void);

/* Returns the RSDP. */
const void *make_acpi(uint8_t *ram, size_t *size);

/* ---- vm.c ---- */

struct vm {
	int kvm, fd;
	uint8_t *ram;
	size_t ram_size;
	struct kvm_cpuid2 *cpuid; /* that KVM can offer */
};

extern struct vm vm;

/* /dev/kvm, and memory, which outlives the VM. */
void vm_open(void);
void vm_create(void);
void vm_destroy(void);

#define IOCTL(fd, request, arg) checked_ioctl(fd, request, (uintptr_t)(arg), #request)

int checked_ioctl(int fd, unsigned long request, uintptr_t arg, const char *name);

/* ---- vcpu.c ---- */

struct vcpu {
	unsigned id;
	pthread_t thread;
	int fd;
	struct kvm_run *run;
	size_t run_size;
};

extern struct vcpu vcpus[CPUS_MAX];

void vcpu_create(struct vcpu *v);
void vcpu_destroy(struct vcpu *v);

/* As a multiboot2 loader leaves the first CPU. */
void vcpu_set_entry(struct vcpu *v, uint32_t entry);
void vcpu_start(struct vcpu *v);

/* ---- ports.c ---- */

void ports_exit(struct kvm_run *run);

/* ---- migrate.c ---- */

/* Between the vCPUs' creation and their start. */
void migrate_prepare(void);

/* All that are asked for. */
void migrate(void);
void migrate_count_exit(void);
void migrate_report(void);

/* ---- pause.c ---- */

void pause_prepare(void);

/* When it returns, no vCPU is in KVM_RUN, nor has anything left to complete there. */
void pause_all(void);
void resume_all(void);

/* Called by a vCPU's thread when KVM_RUN was interrupted. */
void pause_if_asked(void);

/* ---- state.c: while the vCPUs are stopped ---- */

void state_prepare(void);
void state_save(void);
void state_restore(void);

/* The vCPU is inside of the guest's guest. */
bool state_is_inside(const struct vcpu *v);

#endif
