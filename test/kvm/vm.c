/* SPDX-License-Identifier: BSD-2-Clause */
/* The VM but for its vCPUs: memory, interrupt controllers, PIT, and what CPUID says. */
#include "test/kvm/vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CPUID_MAX = 256, MIB_SHIFT = 20 };

/* Three pages that KVM needs on some Intel CPUs: above memory, below the BIOS's place. */
#define TSS_AT 0xfffbd000u

struct vm vm;

int checked_ioctl(int fd, unsigned long request, uintptr_t arg, const char *name)
{
	int result = ioctl(fd, request, arg);

	if (result < 0)
		die(strerror(errno), "%s", name);
	return result;
}

void vm_open(void)
{
	vm.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm.kvm < 0)
		die(strerror(errno), "/dev/kvm");
	vm.ram_size = (size_t)options.mib << MIB_SHIFT;
	vm.ram = mmap(NULL, vm.ram_size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (vm.ram == MAP_FAILED)
		die(strerror(errno), "memory for the guest");
	vm.cpuid = calloc(1, sizeof(*vm.cpuid) + CPUID_MAX * sizeof(vm.cpuid->entries[0]));
	if (!vm.cpuid)
		die("out of memory", "CPUID");
	vm.cpuid->nent = CPUID_MAX;
	IOCTL(vm.kvm, KVM_GET_SUPPORTED_CPUID, vm.cpuid);
}

/* On a CPU of the other vendor, KVM writes its own instruction over a hypercall's: in
 * guests of the guest, too, where that is wrong. */
static void keep_vmcall(void)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_DISABLE_QUIRKS2,
				      .args = { KVM_X86_QUIRK_FIX_HYPERCALL_INSN } };
	int quirks = IOCTL(vm.kvm, KVM_CHECK_EXTENSION, KVM_CAP_DISABLE_QUIRKS2);

	if (!(quirks & KVM_X86_QUIRK_FIX_HYPERCALL_INSN))
		die("this KVM is older than Linux 5.19", "-q");
	IOCTL(vm.fd, KVM_ENABLE_CAP, &cap);
}

/*
 * Without these, what is pending on the way from the inner guest to ours cannot be told from
 * what is pending in the inner one.
 */
static void ask_for_exact_events(void)
{
	struct kvm_enable_cap caps[] = {
		{ .cap = KVM_CAP_EXCEPTION_PAYLOAD, .args = { 1 } },
		{ .cap = KVM_CAP_X86_TRIPLE_FAULT_EVENT, .args = { 1 } },
	};

	for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (IOCTL(vm.fd, KVM_CHECK_EXTENSION, caps[i].cap))
			IOCTL(vm.fd, KVM_ENABLE_CAP, &caps[i]);
}

void vm_create(void)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY }; /* port 61h, too */
	struct kvm_userspace_memory_region memory = {
		.memory_size = vm.ram_size,
		.userspace_addr = (uintptr_t)vm.ram,
	};

	vm.fd = IOCTL(vm.kvm, KVM_CREATE_VM, 0);
	IOCTL(vm.fd, KVM_SET_TSS_ADDR, TSS_AT);
	IOCTL(vm.fd, KVM_CREATE_IRQCHIP, 0);
	IOCTL(vm.fd, KVM_CREATE_PIT2, &pit);
	if (options.keep_vmcall)
		keep_vmcall();
	ask_for_exact_events();
	IOCTL(vm.fd, KVM_SET_USER_MEMORY_REGION, &memory);
}

void vm_destroy(void)
{
	close(vm.fd);
}
