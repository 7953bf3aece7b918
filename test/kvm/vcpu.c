/* SPDX-License-Identifier: BSD-2-Clause */
/* vCPUs: a thread each. */
#include "test/kvm/vmm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	MULTIBOOT2_BOOT_MAGIC = 0x36d76289,
	CODE_SELECTOR = 0x08,
	DATA_SELECTOR = 0x10,
	/* Types of segments: SDM vol. 3A, 3.4.5.1. */
	CODE_EXECUTE_READ_ACCESSED = 11,
	DATA_READ_WRITE_ACCESSED = 3,
	CR0_PE_ET = 1 << 0 | 1 << 4,
	RFLAGS_FIXED = 1 << 1,

	/* CPUID: SDM vol. 2A, CPUID. */
	CPUID_FEATURES = 1,
	CPUID_TOPOLOGY = 0xb,
	CPUID_TOPOLOGY_V2 = 0x1f,
	EBX_CPUS_SHIFT = 16,
	EBX_APIC_ID_SHIFT = 24,
	EBX_LOW = 0xffff,
};

#define ECX_HYPERVISOR (1u << 31)

struct vcpu vcpus[CPUS_MAX];

/* What KVM can offer says nothing of the VM's topology. */
static void set_cpuid(const struct vcpu *v)
{
	size_t size = sizeof(*vm.cpuid) + vm.cpuid->nent * sizeof(vm.cpuid->entries[0]);
	struct kvm_cpuid2 *cpuid = malloc(size);

	if (!cpuid)
		die("out of memory", "CPUID");
	memcpy(cpuid, vm.cpuid, size);
	for (unsigned i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

		if (e->function == CPUID_FEATURES) {
			e->ebx = (e->ebx & EBX_LOW) | options.cpus << EBX_CPUS_SHIFT |
				 v->id << EBX_APIC_ID_SHIFT;
			e->ecx |= ECX_HYPERVISOR;
		} else if (e->function == CPUID_TOPOLOGY || e->function == CPUID_TOPOLOGY_V2) {
			e->edx = v->id;
		}
	}
	IOCTL(v->fd, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

void vcpu_create(struct vcpu *v)
{
	v->run_size = (size_t)IOCTL(vm.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	v->fd = IOCTL(vm.fd, KVM_CREATE_VCPU, v->id);
	v->run = mmap(NULL, v->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		die(strerror(errno), "mmap of vCPU %u", v->id);
	set_cpuid(v);
}

void vcpu_destroy(struct vcpu *v)
{
	munmap(v->run, v->run_size);
	close(v->fd);
}

/* Specification 3.3. */
void vcpu_set_entry(struct vcpu *v, uint32_t entry)
{
	struct kvm_segment data = {
		.limit = UINT32_MAX,
		.selector = DATA_SELECTOR,
		.type = DATA_READ_WRITE_ACCESSED,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};
	struct kvm_segment code = data;
	struct kvm_regs regs = {
		.rax = MULTIBOOT2_BOOT_MAGIC,
		.rbx = INFO_AT,
		.rip = entry,
		.rflags = RFLAGS_FIXED,
	};
	struct kvm_sregs sregs;

	code.selector = CODE_SELECTOR;
	code.type = CODE_EXECUTE_READ_ACCESSED;
	IOCTL(v->fd, KVM_GET_SREGS, &sregs);
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 = CR0_PE_ET;
	IOCTL(v->fd, KVM_SET_SREGS, &sregs);
	IOCTL(v->fd, KVM_SET_REGS, &regs);
}

static _Noreturn void die_of_exit(const struct vcpu *v)
{
	static const char *const names[] = {
		[KVM_EXIT_SHUTDOWN] = "shutdown, as by a triple fault",
		[KVM_EXIT_FAIL_ENTRY] = "the CPU refused the entry",
		[KVM_EXIT_INTERNAL_ERROR] = "an error inside of KVM",
	};
	const struct kvm_run *run = v->run;
	unsigned reason = run->exit_reason;
	const char *name = reason < sizeof(names) / sizeof(names[0]) ? names[reason] : NULL;
	struct kvm_regs regs = { 0 };
	uint64_t detail = 0;

	if (reason == KVM_EXIT_FAIL_ENTRY)
		detail = run->fail_entry.hardware_entry_failure_reason;
	else if (reason == KVM_EXIT_INTERNAL_ERROR)
		detail = run->internal.suberror;
	IOCTL(v->fd, KVM_GET_REGS, &regs);
	die(name ? name : "not expected", "vCPU %u: exit %u (%#llx) at rip %#llx", v->id, reason,
	    (unsigned long long)detail, (unsigned long long)regs.rip);
}

static void handle_exit(const struct vcpu *v)
{
	struct kvm_run *run = v->run;

	migrate_count_exit();
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		ports_exit(run);
		break;
	case KVM_EXIT_MMIO: /* nobody is there */
		memset(run->mmio.data, UINT8_MAX, sizeof(run->mmio.data));
		break;
	default:
		die_of_exit(v);
	}
}

/* True: it has left for a reason of its own. EAGAIN: it waited to be started, and now is. */
static bool enter(const struct vcpu *v)
{
	if (!ioctl(v->fd, KVM_RUN, 0))
		return true;
	if (errno != EINTR && errno != EAGAIN)
		die(strerror(errno), "KVM_RUN of vCPU %u", v->id);
	return false;
}

static void *run(void *arg)
{
	const struct vcpu *v = arg;

	for (;;)
		if (enter(v))
			handle_exit(v);
		else
			pause_if_asked();
	return NULL;
}

void vcpu_start(struct vcpu *v)
{
	int error = pthread_create(&v->thread, NULL, run, v);

	if (error)
		die(strerror(error), "a thread for vCPU %u", v->id);
}
