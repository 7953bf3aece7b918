/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU and its VMCS. What separates guest and host state:
 *
 *	RIP RSP RFLAGS, CR0 CR3 CR4, DR7	the VMCS, both ways
 *	segments, FS_BASE GS_BASE, GDTR IDTR	the VMCS, both ways
 *	SYSENTER_*, PAT, EFER, DEBUGCTL		the VMCS, both ways
 *	the other general registers		enter.asm
 *	KERNEL_GS_BASE				current.c
 *	CR2, x87, SSE				the vCPU loop above the seam
 *	CR8, DR0-DR3 DR6, XCR0			trapped; never the guest's
 *	STAR LSTAR CSTAR SFMASK, all other MSRs	trapped; never the guest's
 *	PDPTEs					the VMCS, both ways; a MOV to CR0 or
 *						CR4 that exits cannot load them, so
 *						the vCPU loop does (set_pdptes)
 *
 * VPIDs are not used: with VPID 0 each entry and exit flushes linear and combined mappings (SDM
 * vol. 3C, 29.4.3.1). So only guest-physical mappings need explicit flushes, by INVEPT, and
 * these are what nestbox is about.
 */
#include "vmx/vmx.h"

#include "kernel/host/pages.h"
#include "kernel/host/trap.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"
#include "kernel/vm/observe.h"

_Static_assert(sizeof(struct vmx_vcpu) <= PAGE_SIZE, "it gets a page");
_Static_assert(offsetof(struct vmx_vcpu, result) == 0 && offsetof(struct vmx_vcpu, launched) == 1 &&
		       offsetof(struct vmx_vcpu, host_rsp) == 8 && VMX_FAIL_INVALID == 1 &&
		       VMX_FAIL_VALID == 2 && VMX_ABORTED == 3,
	       "enter.asm");
_Static_assert((int)EVENT_NMI == 2 && (int)EVENT_SOFT_EXCEPTION == 6,
	       "enum vcpu_event_type has the numbers of 25.8.3");

/* MSRs that do not exit, and why. */
static const uint32_t passed_msrs[] = {
	MSR_FS_BASE,	    /* a segment base like any other, in the VMCS */
	MSR_GS_BASE,	    /* same */
	MSR_KERNEL_GS_BASE, /* SWAPGS changes it without an exit; switched with the VMCS */
};

/*
 * The MSR bitmap (SDM vol. 3C, 25.6.9); set bits exit. Four parts of 1 KiB: reads of MSRs from 0
 * and from 0xc0000000 upwards, then writes of the same.
 */
static void pass_msrs(uint8_t *bitmap)
{
	memset(bitmap, FAULT(MSRS_VMX) ? 0 : 0xff, PAGE_SIZE);
	for (unsigned i = 0; i < sizeof(passed_msrs) / sizeof(passed_msrs[0]); i++) {
		uint32_t msr = passed_msrs[i], n = msr & 0x1fff;
		unsigned base = msr >= 0xc0000000u ? 1024 : 0;

		bitmap[base + n / 8] &= (uint8_t) ~(1u << n % 8);
		bitmap[2048 + base + n / 8] &= (uint8_t) ~(1u << n % 8);
	}
}

/* State that an exit loads (28.5). Exits also set the GDTR and IDTR limits to 0xffff. */
static void init_host(const struct cpu *cpu)
{
	vmcs_write(VMCS_HOST_CR0, read_cr0());
	vmcs_write(VMCS_HOST_CR3, read_cr3());
	vmcs_write(VMCS_HOST_CR4, read_cr4());
	vmcs_write(VMCS_HOST_EFER, rdmsr(MSR_EFER));
	vmcs_write(VMCS_HOST_PAT, rdmsr(MSR_PAT));
	vmcs_write(VMCS_HOST_CS_SELECTOR, SEL_CODE);
	vmcs_write(VMCS_HOST_SS_SELECTOR, SEL_DATA);
	vmcs_write(VMCS_HOST_DS_SELECTOR, SEL_DATA);
	vmcs_write(VMCS_HOST_ES_SELECTOR, SEL_DATA);
	vmcs_write(VMCS_HOST_FS_SELECTOR, 0);
	vmcs_write(VMCS_HOST_GS_SELECTOR, 0);
	vmcs_write(VMCS_HOST_TR_SELECTOR, SEL_TSS);
	vmcs_write(VMCS_HOST_FS_BASE, rdmsr(MSR_FS_BASE));
	vmcs_write(VMCS_HOST_GS_BASE, rdmsr(MSR_GS_BASE));
	vmcs_write(VMCS_HOST_TR_BASE, cpu_tss_base(cpu));
	vmcs_write(VMCS_HOST_GDTR_BASE, cpu_gdt_base(cpu));
	vmcs_write(VMCS_HOST_IDTR_BASE, trap_idt_base());
	vmcs_write(VMCS_HOST_SYSENTER_CS, 0);
	vmcs_write(VMCS_HOST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_HOST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_HOST_RIP, (uintptr_t)vmx_exited);
}

static void init_controls(const struct vmx_vcpu *vx)
{
	const struct vmx_controls *c = &vx->controls;

	vmcs_write(VMCS_PIN_CONTROLS, c->pin);
	vmcs_write(VMCS_PROC_CONTROLS, c->proc);
	vmcs_write(VMCS_PROC2_CONTROLS, c->proc2);
	vmcs_write(VMCS_EXIT_CONTROLS, c->exit);
	vmcs_write(VMCS_ENTRY_CONTROLS, c->entry);
	/* Guests handle their exceptions, except three. A machine check is the host's. #AC and #DB
	 * can recur endlessly in their own delivery, which blocks interrupts: CVE-2015-5307 and
	 * CVE-2015-8104. */
	vmcs_write(VMCS_EXCEPTION_BITMAP, EXCEPTIONS_EXITING);
	vmcs_write(VMCS_PAGE_FAULT_MASK, 0);
	vmcs_write(VMCS_PAGE_FAULT_MATCH, 0);
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0);
	vmcs_write(VMCS_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write(VMCS_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_EVENT, 0);
	vmcs_write(VMCS_MSR_BITMAP, vx->msr_bitmap_pfn << PAGE_SHIFT);
	vmcs_write(VMCS_CR0_MASK, UINT64_MAX);
	vmcs_write(VMCS_CR4_MASK, UINT64_MAX);
	if (vmx_control(c->proc2, PROC2_ENCLS_EXITING))
		vmcs_write(VMCS_ENCLS_EXITING, UINT64_MAX);
	if (vmx_control(c->proc2, PROC2_ENCLV_EXITING))
		vmcs_write(VMCS_ENCLV_EXITING, UINT64_MAX);
}

static void init_guest(struct vcpu *vcpu, const struct vcpu_state *s)
{
	for (unsigned i = 0; i < SEG_COUNT; i++) {
		vmcs_write(VMCS_GUEST_SELECTOR(i), s->seg[i].selector);
		vmcs_write(VMCS_GUEST_LIMIT(i), s->seg[i].limit);
		vmcs_write(VMCS_GUEST_BASE(i), s->seg[i].base);
		vmcs_write(VMCS_GUEST_ATTR(i), s->seg[i].attr ? s->seg[i].attr : ATTR_UNUSABLE);
	}
	vmcs_write(VMCS_GUEST_GDTR_BASE, s->gdtr_base);
	vmcs_write(VMCS_GUEST_GDTR_LIMIT, s->gdtr_limit);
	vmcs_write(VMCS_GUEST_IDTR_BASE, s->idtr_base);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, s->idtr_limit);
	vmcs_write(VMCS_GUEST_RIP, s->rip);
	vcpu->regs.r[REG_RSP] = s->rsp; /* prepare_and_enter writes it */
	vmcs_write(VMCS_GUEST_RFLAGS, s->rflags);
	vmcs_write(VMCS_GUEST_DR7, DR7_RESET);
	vmcs_write(VMCS_GUEST_DEBUGCTL, 0);
	vmcs_write(VMCS_GUEST_PAT, PAT_RESET);
	vmcs_write(VMCS_GUEST_SYSENTER_CS, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_GUEST_ACTIVITY, 0);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	for (unsigned i = 0; i < 4; i++)
		vmcs_write(VMCS_GUEST_PDPTE(i), 0);
	vmcs_write(VMCS_LINK_POINTER, UINT64_MAX); /* no shadow VMCS */
	vmx_set_cr(vcpu, 0, s->cr0);
	vmx_set_cr(vcpu, 3, s->cr3);
	vmx_set_cr(vcpu, 4, s->cr4);
	vmx_set_efer(vcpu, s->efer);
}

static bool alloc_pages(struct vcpu *vcpu)
{
	uint64_t pfn = page_alloc_zeroed(FRAME_HOST);
	struct vmx_vcpu *vx;

	if (!pfn)
		return false;
	vx = page_ptr(pfn);
	vx->pfn = pfn;
	vx->vc = vcpu->cpu->arch;
	vx->vc->vcpus++;
	vcpu->arch = vx;
	vx->vmcs_pfn = page_alloc_zeroed(FRAME_HOST);
	vx->msr_bitmap_pfn = page_alloc_zeroed(FRAME_HOST);
	return vx->vmcs_pfn && vx->msr_bitmap_pfn;
}

bool vmx_vcpu_init(struct vcpu *vcpu, const struct vcpu_state *state, char *error)
{
	struct vmx_vcpu *vx;
	enum vmx_result result;

	vcpu->arch = NULL;
	if (!alloc_pages(vcpu)) {
		format(error, VMM_TEXT_MAX, "no memory for a VMCS and its MSR bitmap");
		vmx_vcpu_fini(vcpu);
		return false;
	}
	vx = vcpu->arch;
	vx->controls = vmx_common.controls;
	vx->controls.pin &= ~(1u << PIN_PREEMPTION_TIMER);   /* set_slice sets it */
	vx->controls.proc &= ~(1u << PROC_INTERRUPT_WINDOW); /* want_window sets it */
	vx->controls.exit &= ~(1u << EXITC_SAVE_TIMER);	     /* only with the timer */
	vx->controls.entry &= ~(1u << ENTRYC_IA32E_GUEST);   /* set_efer sets it */
	pass_msrs(page_ptr(vx->msr_bitmap_pfn));

	*(uint32_t *)page_ptr(vx->vmcs_pfn) = vmx_common.allowed.revision;
	result = vmx_clear(vx);
	if (result != VMX_OK) {
		vmx_describe_failure(error, "VMCLEAR", result);
		vmx_vcpu_fini(vcpu);
		return false;
	}
	vmx_make_current(vcpu);
	init_controls(vx);
	init_host(vcpu->cpu);
	init_guest(vcpu, state);
	return true;
}

/*
 * Per-CPU state when a vCPU moves to another CPU:
 *
 *	VMCS data cached by the CPU		VMCLEAR writes it back (current.c)
 *	KERNEL_GS_BASE				saved with it (current.c)
 *	the host state: GS, TR, GDTR, ...	rewritten: each CPU has its own
 *	HOST_RSP				rewritten by enter.asm
 *	translations cached for its EPTP	flushed if anything changed (tlb.h)
 *	the preemption timer			in the VMCS; armed for each slice
 *
 * Valid on all CPUs: the controls, the fixed bits and the revision, which are the common ones.
 * Not carried over: the TSC, which the guest reads directly; branch predictors.
 */
void vmx_vcpu_unload(struct vcpu *vcpu)
{
	struct vmx_vcpu *vx = vcpu->arch;

	VERIFY_EQ(vmx_clear(vx), VMX_OK);
	vx->vc->vcpus--;
	vx->vc = NULL;
}

void vmx_vcpu_load(struct vcpu *vcpu)
{
	struct vmx_cpu *vc = vmx_cpu_of(vcpu);
	struct vmx_vcpu *vx = vcpu->arch;

	ASSERT(!vx->vc);
	vx->vc = vc;
	vc->vcpus++;
	vmx_make_current(vcpu);
	init_host(vcpu->cpu);
}

void vmx_vcpu_fini(struct vcpu *vcpu)
{
	struct vmx_vcpu *vx = vcpu->arch;

	if (!vx)
		return;
	vcpu->arch = NULL;
	vx->vc->vcpus--;
	if (vx->vmcs_pfn && vx->msr_bitmap_pfn)
		VERIFY_EQ(vmx_clear(vx), VMX_OK);
	if (vx->msr_bitmap_pfn)
		page_free(vx->msr_bitmap_pfn, FRAME_HOST);
	if (vx->vmcs_pfn)
		page_free(vx->vmcs_pfn, FRAME_HOST);
	page_free(vx->pfn, FRAME_HOST);
}

/* Hardware tags translations with bits 51:12 of the EPTP (29.4.1). */
static uint64_t tag_of(uint64_t eptp)
{
	return eptp >> PAGE_SHIFT & ((UINT64_C(1) << 40) - 1);
}

void vmx_invept(struct vmx_cpu *vc, uint64_t eptp)
{
	vc->invepts++;
	if (FAULT(NO_INVEPT))
		return;
	OBSERVE(flush, this_cpu()->number, vc->invept_single ? tag_of(eptp) : 0);
	VERIFY_EQ(vc->invept_single ? insn_invept(INVEPT_SINGLE, eptp) : insn_invept(INVEPT_ALL, 0),
		  VMX_OK);
}

static void enter(struct vcpu *vcpu)
{
	struct vmx_vcpu *vx = vcpu->arch;

	if (__builtin_expect(observer != NULL, 0)) {
		uint64_t tag = tag_of(vmcs_read(VMCS_EPTP));

		observer->enter(vcpu->cpu->number, tag, tag);
		vmx_enter(&vcpu->regs, vx);
		observer->exit(vcpu->cpu->number);
		return;
	}
	vmx_enter(&vcpu->regs, vx);
}

/* The slow path, for what most entries do not need; then the entry. */
static __attribute__((noinline)) void prepare_and_enter(struct vcpu *vcpu)
{
	struct vmx_vcpu *vx = vcpu->arch;
	struct vmx_cpu *vc = vmx_cpu_of(vcpu);
	const struct tlb_context *ctx = vcpu->ctx;
	uint64_t invepts = vc->invepts;

	vmx_make_current(vcpu);
	vmcs_write(VMCS_EPTP, ctx->pmtp);
	vmcs_write(VMCS_GUEST_RSP, vcpu->regs.r[REG_RSP]);
	if (tlb_needs_flush(tlb_cpu(vcpu->cpu), ctx) && !FAULT(FLUSH_VMX))
		vmx_invept(vc, ctx->pmtp);
	tlb_note_entry(tlb_cpu(vcpu->cpu), ctx, vc->invepts != invepts);

	vx->eptp = ctx->pmtp;
	vx->result = VMX_OK;
	enter(vcpu);
	vx->launched |= vx->result == VMX_OK;
}

void vmx_vcpu_enter(struct vcpu *vcpu)
{
	struct vmx_vcpu *vx = vcpu->arch;
	const struct tlb_context *ctx = vcpu->ctx;

	if (__builtin_expect(vx->eptp != ctx->pmtp || tlb_needs_flush(tlb_cpu(vcpu->cpu), ctx),
			     0)) {
		prepare_and_enter(vcpu);
		return;
	}
	tlb_note_entry(tlb_cpu(vcpu->cpu), ctx, false);
	enter(vcpu);
}

void vmx_skip(struct vcpu *vcpu, const struct vcpu_exit *exit, unsigned length)
{
	uint64_t shadow = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

	(void)vcpu;
	vmcs_write(VMCS_GUEST_RIP, exit->rip + length);
	/* A shadow of STI or MOV SS ends with the next instruction, the one that was skipped. */
	if (__builtin_expect(shadow & (SHADOW_STI | SHADOW_MOV_SS), 0) && !FAULT(SHADOW_VMX))
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, shadow & ~(SHADOW_STI | SHADOW_MOV_SS));
}

/* Entry checks the event: 27.2.1.3. Exits clear its valid bit. */
void vmx_inject(struct vcpu *vcpu, const struct vcpu_event *event)
{
	uint32_t word =
		EVENT_WORD_VALID | (uint32_t)event->type << EVENT_WORD_TYPE_SHIFT | event->vector;

	vmx_make_current(vcpu);
	if (event->has_error) {
		word |= EVENT_WORD_HAS_ERROR;
		vmcs_write(VMCS_ENTRY_EVENT_ERROR, event->error);
	}
	if (event->type >= EVENT_SOFT_INTERRUPT)
		vmcs_write(VMCS_ENTRY_INSN_LENGTH, event->length);
	if (event->type == EVENT_NMI) /* an NMI whose delivery faulted left NMIs blocked */
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & ~(uint64_t)BLOCKED_NMI);
	if (vcpu_event_is_fault(event) && !FAULT(RF_LOST))
		vmcs_write(VMCS_GUEST_RFLAGS, vmcs_read(VMCS_GUEST_RFLAGS) | RFLAGS_RF);
	if (event->vector == VECTOR_DB) /* delivery ends the shadow; with TF, entry requires it */
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) &
				   ~(uint64_t)(SHADOW_STI | SHADOW_MOV_SS));
	vmcs_write(VMCS_ENTRY_EVENT, word);
}

/* If the window is open already, the exit comes before the next guest instruction (26.2). */
void vmx_want_window(struct vcpu *vcpu, bool on)
{
	struct vmx_vcpu *vx = vcpu->arch;

	vmx_make_current(vcpu);
	vx->controls.proc &= ~(1u << PROC_INTERRUPT_WINDOW);
	if (on)
		vx->controls.proc |= 1u << PROC_INTERRUPT_WINDOW;
	vmcs_write(VMCS_PROC_CONTROLS, vx->controls.proc);
}

static void switch_slice(struct vmx_vcpu *vx, bool on)
{
	vx->slice = on;
	vx->controls.pin &= ~(1u << PIN_PREEMPTION_TIMER);
	vx->controls.exit &= ~(1u << EXITC_SAVE_TIMER);
	if (on) {
		vx->controls.pin |= 1u << PIN_PREEMPTION_TIMER;
		vx->controls.exit |= 1u << EXITC_SAVE_TIMER;
	}
	vmcs_write(VMCS_PIN_CONTROLS, vx->controls.pin);
	vmcs_write(VMCS_EXIT_CONTROLS, vx->controls.exit);
}

/*
 * The timer runs only in the guest, and each exit saves the rest (26.5.1). It has 32 bits, so a
 * longer slice ends early. A slice shorter than one timer tick is rounded up, or the guest would
 * make no progress.
 */
void vmx_set_slice(struct vcpu *vcpu, uint64_t ticks)
{
	struct vmx_vcpu *vx = vcpu->arch;
	unsigned rate = vmx_cpu_of(vcpu)->timer_rate;
	uint64_t value = (ticks >> rate) + !!(ticks & ((UINT64_C(1) << rate) - 1));

	vmx_make_current(vcpu);
	if (FAULT(TIMER_DEAD)) /* a CPU whose timer does not fire in time */
		value = UINT32_MAX;
	vmcs_write(VMCS_PREEMPTION_TIMER, value > UINT32_MAX ? UINT32_MAX : value);
	if (vx->slice != (ticks > 0))
		switch_slice(vx, ticks);
}

/* attr without VMX's own "unusable" bit. */
void vmx_get_state(struct vcpu *vcpu, struct vcpu_state *s)
{
	const struct vmx_vcpu *vx = vcpu->arch;

	vmx_make_current(vcpu);
	for (unsigned i = 0; i < SEG_COUNT; i++) {
		uint64_t attr = vmcs_read(VMCS_GUEST_ATTR(i));

		s->seg[i].selector = (uint16_t)vmcs_read(VMCS_GUEST_SELECTOR(i));
		s->seg[i].limit = (uint32_t)vmcs_read(VMCS_GUEST_LIMIT(i));
		s->seg[i].base = vmcs_read(VMCS_GUEST_BASE(i));
		s->seg[i].attr = attr & ATTR_UNUSABLE ? 0 : (uint16_t)attr;
	}
	s->gdtr_base = vmcs_read(VMCS_GUEST_GDTR_BASE);
	s->gdtr_limit = (uint32_t)vmcs_read(VMCS_GUEST_GDTR_LIMIT);
	s->idtr_base = vmcs_read(VMCS_GUEST_IDTR_BASE);
	s->idtr_limit = (uint32_t)vmcs_read(VMCS_GUEST_IDTR_LIMIT);
	s->rip = vmcs_read(VMCS_GUEST_RIP);
	s->rsp = vcpu->regs.r[REG_RSP];
	s->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	s->cr0 = vmcs_read(VMCS_CR0_SHADOW);
	s->cr3 = vmcs_read(VMCS_GUEST_CR3);
	s->cr4 = vmcs_read(VMCS_CR4_SHADOW);
	s->efer = vx->efer;
}

/*
 * The guest reads back what it wrote (the shadow). Hardware also gets the bits that it requires:
 * CR0.NE, CR4.VMXE; and CR4.MCE as in the host, because without it a machine check in the guest
 * is a shutdown, not an exit. PE and PG are the guest's choice; without unrestricted guest the
 * entry then fails and reports it.
 */
void vmx_set_cr(struct vcpu *vcpu, unsigned number, uint64_t value)
{
	const struct vmx_fixed *fixed = &vmx_common.allowed.fixed;

	vmx_make_current(vcpu);
	switch (number) {
	case 0:
		vmcs_write(VMCS_CR0_SHADOW, value);
		vmcs_write(VMCS_GUEST_CR0, value | (fixed->cr0_fixed0 & ~(CR0_PE | CR0_PG)));
		break;
	case 3:
		if (!FAULT(CR3_VMX))
			vmcs_write(VMCS_GUEST_CR3, value);
		break;
	case 4:
		vmcs_write(VMCS_CR4_SHADOW, value);
		vmcs_write(VMCS_GUEST_CR4, value | fixed->cr4_fixed0 | (read_cr4() & CR4_MCE));
		break;
	default:
		panic("CR%u is not in a VMCS", number);
	}
}

void vmx_set_pdptes(struct vcpu *vcpu, const uint64_t pdptes[4])
{
	vmx_make_current(vcpu);
	for (unsigned i = 0; i < 4 && !FAULT(PDPTES_VMX); i++)
		vmcs_write(VMCS_GUEST_PDPTE(i), pdptes[i]);
}

/* The caller keeps LMA consistent: set while LME and CR0.PG are set. */
void vmx_set_efer(struct vcpu *vcpu, uint64_t value)
{
	struct vmx_vcpu *vx = vcpu->arch;

	vmx_make_current(vcpu);
	vx->efer = value;
	vx->controls.entry &= ~(1u << ENTRYC_IA32E_GUEST);
	if (value & EFER_LMA)
		vx->controls.entry |= 1u << ENTRYC_IA32E_GUEST;
	if (!FAULT(EFER_VMX))
		vmcs_write(VMCS_GUEST_EFER, value);
	vmcs_write(VMCS_ENTRY_CONTROLS, vx->controls.entry);
}
