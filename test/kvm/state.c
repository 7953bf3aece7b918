/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All state of the VM but its memory, read and written. Linux's
 * Documentation/virt/kvm/api.rst says what there is; the order is QEMU's.
 */
#include "test/kvm/vmm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <x86intrin.h>

enum {
	MSR_TSC = 0x10,
	MSR_FEATURE_CONTROL = 0x3a,
	MSR_VMX_FIRST = 0x480,
	MSR_VMX_LAST = 0x491,
	MSR_TSC_DEADLINE = 0x6e0,
	VMX_TIMER_SHIFT = 5,	   /* of the TSC, for KVM's VMX-preemption timer */
	TIMER_AHEAD_MIN = 1 << 20, /* ticks: far more than we take to restore it */
	MSRS_MAX = 1024,
	CHIPS = 3, /* two PICs, the I/O APIC */
};

/* Hyper-V's, of which these vCPUs have nothing: to write them would change that. */
#define MSR_HYPERV_FIRST 0x40000000u
#define MSR_HYPERV_LAST	 0x400001ffu

static struct {
	struct kvm_irqchip chips[CHIPS];
	struct kvm_pit_state2 pit;
	struct kvm_clock_data clock;
	uint64_t tsc; /* this computer's, when the vCPUs had stopped */
} vm_state;

static struct vcpu_state {
	struct kvm_mp_state mp;
	struct kvm_vcpu_events events;
	struct kvm_regs regs;
	struct kvm_sregs2 sregs;
	struct kvm_xsave *xsave;
	struct kvm_xcrs xcrs;
	struct kvm_debugregs debugregs;
	struct kvm_lapic_state lapic;
	struct kvm_nested_state *nested;
	struct kvm_msrs *early, *msrs, *late;
	uint64_t tsc_offset;
	int tsc_khz;
} vcpu_states[CPUS_MAX];

static struct {
	size_t nested, xsave; /* 0: KVM_GET_XSAVE will do */
} sizes;

/* ---- What there is ---- */

/* VMX's capabilities cannot be written once the vCPU is in VMX operation. */
static bool is_early(uint32_t msr)
{
	return msr == MSR_FEATURE_CONTROL || (msr >= MSR_VMX_FIRST && msr <= MSR_VMX_LAST);
}

static void *allocate(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		die("out of memory", "the state of vCPUs");
	return p;
}

static struct kvm_msrs *allocate_msrs(void)
{
	return allocate(sizeof(struct kvm_msrs) + MSRS_MAX * sizeof(struct kvm_msr_entry));
}

static void add_msr(struct kvm_msrs *msrs, uint32_t index)
{
	msrs->entries[msrs->nmsrs++].index = index;
}

/* KVM lists MSRs that these vCPUs do not have, and some that it does not let us write. */
static bool is_kept(const struct vcpu *v, uint32_t msr)
{
	struct kvm_msrs *one;
	bool kept;

	if (msr == MSR_TSC || /* the offset is exact */
	    (msr >= MSR_HYPERV_FIRST && msr <= MSR_HYPERV_LAST))
		return false;
	one = allocate_msrs();
	add_msr(one, msr);
	kept = ioctl(v->fd, KVM_GET_MSRS, one) == 1 && ioctl(v->fd, KVM_SET_MSRS, one) == 1;
	free(one);
	return kept;
}

static void list_msrs(void)
{
	struct kvm_msr_list *list = allocate(sizeof(*list) + MSRS_MAX * sizeof(list->indices[0]));
	const struct vcpu_state *s = &vcpu_states[0];

	list->nmsrs = MSRS_MAX;
	IOCTL(vm.kvm, KVM_GET_MSR_INDEX_LIST, list);
	for (unsigned i = 0; i < list->nmsrs; i++) {
		uint32_t msr = list->indices[i];

		if (!is_kept(&vcpus[0], msr))
			continue;
		if (is_early(msr))
			add_msr(s->early, msr);
		else
			add_msr(msr == MSR_TSC_DEADLINE ? s->late : s->msrs, msr);
	}
	free(list);
}

static struct kvm_msrs *copy_msrs(const struct kvm_msrs *from)
{
	struct kvm_msrs *to = allocate_msrs();

	memcpy(to, from, sizeof(*to) + from->nmsrs * sizeof(from->entries[0]));
	return to;
}

/* Before the vCPUs run: it writes what it reads. */
void state_prepare(void)
{
	struct vcpu_state *first = &vcpu_states[0];

	sizes.nested = (size_t)IOCTL(vm.kvm, KVM_CHECK_EXTENSION, KVM_CAP_NESTED_STATE);
	if (!sizes.nested)
		die("this KVM cannot tell the state of nested guests", "-M");
	sizes.xsave = (size_t)IOCTL(vm.fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);
	first->early = allocate_msrs();
	first->msrs = allocate_msrs();
	first->late = allocate_msrs();
	list_msrs();
	for (unsigned i = 0; i < options.cpus; i++) {
		struct vcpu_state *s = &vcpu_states[i];

		s->early = copy_msrs(first->early);
		s->msrs = copy_msrs(first->msrs);
		s->late = copy_msrs(first->late);
		s->nested = allocate(sizes.nested);
		s->xsave = allocate(sizes.xsave ? sizes.xsave : sizeof(*s->xsave));
	}
}

/* ---- vCPUs ---- */

static void get_msrs(const struct vcpu *v, struct kvm_msrs *msrs)
{
	unsigned n = (unsigned)IOCTL(v->fd, KVM_GET_MSRS, msrs);

	if (n != msrs->nmsrs)
		die("cannot be read any more", "MSR %#x", msrs->entries[n].index);
}

static void set_msrs(const struct vcpu *v, const struct kvm_msrs *msrs)
{
	unsigned n = (unsigned)IOCTL(v->fd, KVM_SET_MSRS, msrs);

	if (n != msrs->nmsrs)
		die("KVM refuses the value that it has told", "MSR %#x = %#llx",
		    msrs->entries[n].index, (unsigned long long)msrs->entries[n].data);
}

static void access_tsc_offset(const struct vcpu *v, bool write, uint64_t *offset)
{
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)offset,
	};

	if (write)
		IOCTL(v->fd, KVM_SET_DEVICE_ATTR, &attr);
	else
		IOCTL(v->fd, KVM_GET_DEVICE_ATTR, &attr);
}

static void get_nested(const struct vcpu *v, struct kvm_nested_state *nested)
{
	nested->size = (uint32_t)sizes.nested;
	IOCTL(v->fd, KVM_GET_NESTED_STATE, nested);
}

bool state_is_inside(const struct vcpu *v)
{
	struct kvm_nested_state *nested = vcpu_states[v->id].nested;

	get_nested(v, nested);
	return nested->flags & KVM_STATE_NESTED_GUEST_MODE;
}

static void save_vcpu(const struct vcpu *v)
{
	struct vcpu_state *s = &vcpu_states[v->id];

	IOCTL(v->fd, KVM_GET_MP_STATE, &s->mp); /* first: it carries out a pending INIT or SIPI */
	IOCTL(v->fd, KVM_GET_VCPU_EVENTS, &s->events);
	IOCTL(v->fd, KVM_GET_REGS, &s->regs);
	IOCTL(v->fd, KVM_GET_SREGS2, &s->sregs);
	if (sizes.xsave)
		IOCTL(v->fd, KVM_GET_XSAVE2, s->xsave);
	else
		IOCTL(v->fd, KVM_GET_XSAVE, s->xsave);
	IOCTL(v->fd, KVM_GET_XCRS, &s->xcrs);
	IOCTL(v->fd, KVM_GET_DEBUGREGS, &s->debugregs);
	IOCTL(v->fd, KVM_GET_LAPIC, &s->lapic);
	s->tsc_khz = IOCTL(v->fd, KVM_GET_TSC_KHZ, 0);
	access_tsc_offset(v, false, &s->tsc_offset);
	get_msrs(v, s->early);
	get_msrs(v, s->msrs);
	get_msrs(v, s->late);
	get_nested(v, s->nested);
}

/*
 * KVM subtracts the time from the deadline without a look at the sign: one that has passed
 * would become one in years (vmx_calc_preemption_timer_value(), Linux 6.1). Late it may be.
 */
static void keep_timer_ahead(struct vcpu_state *s)
{
	struct kvm_vmx_nested_state_hdr *vmx = &s->nested->hdr.vmx;
	uint64_t soonest = (__rdtsc() + s->tsc_offset + TIMER_AHEAD_MIN) >> VMX_TIMER_SHIFT;

	if (s->nested->format == KVM_STATE_NESTED_FORMAT_VMX &&
	    (vmx->flags & KVM_STATE_VMX_PREEMPTION_TIMER_DEADLINE) &&
	    vmx->preemption_timer_deadline < soonest)
		vmx->preemption_timer_deadline = soonest;
}

/*
 * The registers of a guest that is inside of its own are those of the inner guest. Segments
 * and control registers have to be there when the nested state is, which takes them from
 * there; all else is written where they are then.
 */
static void restore_vcpu(const struct vcpu *v)
{
	struct vcpu_state *s = &vcpu_states[v->id];

	IOCTL(v->fd, KVM_SET_TSC_KHZ, s->tsc_khz);
	access_tsc_offset(v, true, &s->tsc_offset);
	set_msrs(v, s->early);
	IOCTL(v->fd, KVM_SET_SREGS2, &s->sregs);
	keep_timer_ahead(s);
	IOCTL(v->fd, KVM_SET_NESTED_STATE, s->nested);
	IOCTL(v->fd, KVM_SET_REGS, &s->regs);
	if (s->xcrs.nr_xcrs) /* none: Linux does without XSAVE */
		IOCTL(v->fd, KVM_SET_XCRS, &s->xcrs);
	IOCTL(v->fd, KVM_SET_XSAVE, s->xsave);
	set_msrs(v, s->msrs);
	IOCTL(v->fd, KVM_SET_LAPIC, &s->lapic); /* where SREGS has put it */
	set_msrs(v, s->late);
	IOCTL(v->fd, KVM_SET_VCPU_EVENTS, &s->events);
	IOCTL(v->fd, KVM_SET_MP_STATE, &s->mp);
	IOCTL(v->fd, KVM_SET_DEBUGREGS, &s->debugregs);
}

/* ---- All of it ---- */

void state_save(void)
{
	vm_state.tsc = __rdtsc();
	for (unsigned i = 0; i < options.cpus; i++)
		save_vcpu(&vcpus[i]);
	for (unsigned i = 0; i < CHIPS; i++) {
		vm_state.chips[i].chip_id = i;
		IOCTL(vm.fd, KVM_GET_IRQCHIP, &vm_state.chips[i]);
	}
	IOCTL(vm.fd, KVM_GET_PIT2, &vm_state.pit);
	IOCTL(vm.fd, KVM_GET_CLOCK, &vm_state.clock);
}

/* The guest's clocks stand still meanwhile, as in a migration to another computer. */
void state_restore(void)
{
	uint64_t lost = __rdtsc() - vm_state.tsc;

	vm_state.clock.flags = 0; /* it was read on this computer: nothing to be corrected */
	IOCTL(vm.fd, KVM_SET_CLOCK, &vm_state.clock);
	for (unsigned i = 0; i < CHIPS; i++)
		IOCTL(vm.fd, KVM_SET_IRQCHIP, &vm_state.chips[i]);
	IOCTL(vm.fd, KVM_SET_PIT2, &vm_state.pit);
	for (unsigned i = 0; i < options.cpus; i++) {
		vcpu_states[i].tsc_offset -= lost;
		restore_vcpu(&vcpus[i]);
	}
}
