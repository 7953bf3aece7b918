/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a vCPU's state is, and what switches it:
 *
 *	RIP, RSP, RAX, RFLAGS, CR0, CR2, CR3, CR4,
 *	EFER, DR6, DR7, CS, SS, DS, ES, GDTR,
 *	IDTR, PAT, CPL, interrupt shadow	hardware: VMRUN, #VMEXIT
 *	FS, GS, LDTR, TR, KERNEL_GS_BASE,
 *	STAR, LSTAR, CSTAR, SFMASK, SYSENTER_*	VMLOAD, VMSAVE, at start and end of the vCPU loop
 *	GS's base				software: enter.asm
 *	the other general registers		software: enter.asm
 *	x87 and SSE				software: the vCPU loop, at its start and end
 *	DR0 to DR3				trapped; never the guest's
 *	XCR0					trapped; CR4.OSXSAVE is denied
 *	ports, all other MSRs			trapped
 */
#include "gpt/vmm_gpt.h"
#include "kernel/host/pages.h"
#include "kernel/host/trap.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/string.h"
#include "kernel/vm/observe.h"
#include "svm/svm.h"

enum {
	IOPM_SIZE = 3 * PAGE_SIZE, /* 15.10.1 */
	MSRPM_SIZE = 2 * PAGE_SIZE, /* 15.11 */
	ASID = 1,
	PAT_AT_RESET_LOW = 0x00070406,
};
#define PAT_AT_RESET ((uint64_t)PAT_AT_RESET_LOW << 32 | PAT_AT_RESET_LOW)

/* Permission maps, shared by all vCPUs. Set bits intercept. */
static uint8_t iopm[IOPM_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint8_t msrpm[MSRPM_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* MSRs that are not intercepted: VMLOAD and VMSAVE switch them. */
static const uint32_t guest_msrs[] = { MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE };

/* 15.11: two bits per MSR; the second 2 KiB are for MSRs from c000_0000 on. */
static void pass_msr(uint32_t msr)
{
	uint32_t bit = 0x800 * 8 + (msr - 0xc0000000u) * 2;

	msrpm[bit / 8] &= (uint8_t)~(3u << bit % 8);
}

void svm_maps_init(void)
{
	memset(iopm, FAULT(PORTS_SVM) ? 0 : 0xff, sizeof(iopm));
	memset(msrpm, FAULT(MSRS_SVM) ? 0 : 0xff, sizeof(msrpm));
	for (unsigned i = 0; i < sizeof(guest_msrs) / sizeof(guest_msrs[0]); i++)
		pass_msr(guest_msrs[i]);
}

/* Default deny. Not intercepted: RDTSC (guests time themselves); INVLPG, CR3 and PAUSE (under nPT
 * they concern only the guest); exceptions, except three. */
static void set_intercepts(struct vmcb *vmcb)
{
	uint32_t *i = vmcb->intercepts;

	/* CR4 reads: the guest must not see MCE. */
	i[VMCB_CR_READ] = 1u << 4 | 1u << 8 | (1u << 0 | 1u << 4 | 1u << 8) << CR_WRITE_SHIFT;
	i[VMCB_DR_READ] = 0xffffffffu;
	/* A machine check is the host's. #AC and #DB can recur endlessly in their own delivery,
	 * which blocks interrupts: CVE-2015-5307 and CVE-2015-8104. */
	i[VMCB_EXCEPTION] = 1u << VECTOR_DB | 1u << VECTOR_AC | 1u << VECTOR_MC;
	i[VMCB_MISC1] = MISC1_INTR | MISC1_NMI | MISC1_INIT | MISC1_RDPMC |
			MISC1_CPUID | MISC1_RSM | MISC1_INVD | MISC1_HLT | MISC1_INVLPGA |
			MISC1_IOIO | MISC1_MSR | MISC1_TASK_SWITCH | MISC1_SHUTDOWN;
	i[VMCB_MISC2] = MISC2_VMRUN | MISC2_VMMCALL | MISC2_VMLOAD | MISC2_VMSAVE | MISC2_STGI |
			MISC2_CLGI | MISC2_SKINIT | MISC2_RDTSCP | MISC2_WBINVD | MISC2_MONITOR |
			MISC2_MWAIT | MISC2_MWAIT_ARMED | MISC2_XSETBV;
}

static uint16_t pack_attr(uint16_t attr)
{
	return (uint16_t)((attr & 0xff) | (attr >> 4 & 0xf00));
}

static uint16_t unpack_attr(uint16_t attr)
{
	return (uint16_t)((attr & 0xff) | (attr & 0xf00) << 4);
}

static struct vmcb_segment *segment(struct vmcb *vmcb, unsigned n)
{
	struct vmcb_segment *all[SEG_COUNT] = {
		[SEG_ES] = &vmcb->es, [SEG_CS] = &vmcb->cs,	[SEG_SS] = &vmcb->ss,
		[SEG_DS] = &vmcb->ds, [SEG_FS] = &vmcb->fs,	[SEG_GS] = &vmcb->gs,
		[SEG_TR] = &vmcb->tr, [SEG_LDTR] = &vmcb->ldtr,
	};

	return all[n];
}

/* Without MCE a machine check in the guest would be a shutdown, not an exit. */
static uint64_t host_mce(uint64_t cr4)
{
	return cr4 | (read_cr4() & CR4_MCE);
}

static void set_state(struct vmcb *vmcb, const struct vcpu_state *s)
{
	for (unsigned n = 0; n < SEG_COUNT; n++)
		*segment(vmcb, n) = (struct vmcb_segment){
			.selector = s->seg[n].selector,
			.attr = pack_attr(s->seg[n].attr),
			.limit = s->seg[n].limit,
			.base = s->seg[n].base,
		};
	vmcb->gdtr = (struct vmcb_segment){ .base = s->gdtr_base, .limit = s->gdtr_limit };
	vmcb->idtr = (struct vmcb_segment){ .base = s->idtr_base, .limit = s->idtr_limit };
	vmcb->rip = s->rip;
	vmcb->rflags = s->rflags;
	vmcb->cr0 = s->cr0;
	if (!FAULT(CR3_SVM))
		vmcb->cr3 = s->cr3;
	vmcb->cr4 = host_mce(s->cr4);
	vmcb->efer = s->efer | EFER_SVME; /* required by VMRUN (15.5.1) */
	vmcb->cpl = s->seg[SEG_SS].attr >> 5 & 3;
	vmcb->dr6 = 0xffff0ff0; /* as at reset: 13.1.1 */
	vmcb->dr7 = 0x400;
	vmcb->g_pat = PAT_AT_RESET;
}

bool svm_vcpu_init(struct vcpu *vcpu, const struct vcpu_state *state, char *error)
{
	uint64_t pfn = page_alloc_zeroed(FRAME_HOST), vmcb_pfn = page_alloc_zeroed(FRAME_HOST);
	struct svm_vcpu *sv = page_ptr(pfn);
	struct vmcb *vmcb = page_ptr(vmcb_pfn);

	vcpu->arch = NULL;
	if (!pfn || !vmcb_pfn) {
		if (pfn)
			page_free(pfn, FRAME_HOST);
		if (vmcb_pfn)
			page_free(vmcb_pfn, FRAME_HOST);
		format(error, VMM_TEXT_MAX, "no memory for a VMCB");
		return false;
	}
	sv->vmcb = vmcb;
	sv->vmcb_pfn = vmcb_pfn;
	vcpu->arch = sv;
	set_intercepts(vmcb);
	vmcb->iopm_base = (uintptr_t)iopm;
	vmcb->msrpm_base = (uintptr_t)msrpm;
	vmcb->asid = ASID;
	vmcb->vintr = VINTR_MASKING;
	vmcb->np_enable = NP_ENABLE;
	vmcb->ncr3 = vcpu->ctx->pmtp;
	set_state(vmcb, state);
	vcpu->regs.r[REG_RSP] = state->rsp;
	return true;
}

/*
 * Per-CPU state when a vCPU moves to another CPU. All state of VMRUN and VMLOAD is in the VMCB, in
 * memory, after svm_vcpu_leave has executed VMSAVE. Besides that:
 *
 *	VMCB data cached by the CPU		only used with clean bits, which are all 0
 *						(15.15)
 *	translations cached for the ASID	same ASID everywhere: flushed if the CPU ran
 *						another root, or this one changed (tlb.h)
 *	the host save area, the host's VMCB	each CPU has its own (struct svm_cpu)
 *	the I/O and MSR permission maps		shared by all
 *
 * Not carried over: the TSC, which the guest reads directly; branch predictors.
 */
void svm_vcpu_unload(struct vcpu *vcpu)
{
	ASSERT(!svm_vcpu(vcpu)->loaded);
	ASSERT_EQ(svm_vmcb(vcpu)->clean, 0);
}

void svm_vcpu_load(struct vcpu *vcpu)
{
	ASSERT_EQ(svm_vmcb(vcpu)->asid, ASID);
}

void svm_vcpu_fini(struct vcpu *vcpu)
{
	struct svm_vcpu *sv = svm_vcpu(vcpu);

	if (!sv)
		return;
	page_free(sv->vmcb_pfn, FRAME_HOST);
	page_free((uintptr_t)sv >> PAGE_SHIFT, FRAME_HOST);
	vcpu->arch = NULL;
}

/*
 * VMLOAD state stays the guest's while the host handles exits, because VMLOAD and VMSAVE exit under
 * a hypervisor that does not virtualize them. The host needs two parts of it. GS, for this_cpu: its
 * base is switched at each entry and exit, and meanwhile the VMCB has the host's. TR, for emergency
 * stacks: the host does without them, so a stack overflow meanwhile stops the machine unreported.
 */
static void load(struct vcpu *vcpu)
{
	struct svm_vcpu *sv = svm_vcpu(vcpu);

	trap_load_plain();
	sv->gs_base = sv->vmcb->gs.base;
	sv->vmcb->gs.base = (uintptr_t)this_cpu();
	svm_vmload(sv->vmcb_pfn << PAGE_SHIFT);
	sv->loaded = true;
}

/* Saves the VMLOAD state in the VMCB; the CPU keeps it, too. */
static void save(struct svm_vcpu *sv)
{
	if (!FAULT(VMSAVE_LOST))
		svm_vmsave(sv->vmcb_pfn << PAGE_SHIFT);
	sv->vmcb->gs.base = sv->gs_base;
}

void svm_vcpu_leave(struct vcpu *vcpu)
{
	struct svm_vcpu *sv = svm_vcpu(vcpu);

	if (!sv->loaded)
		return;
	save(sv);
	sv->loaded = false;
	svm_vmload(svm_cpu(vcpu->cpu)->host_pfn << PAGE_SHIFT);
	trap_load();
}

/* Reports the flush from the VMCB, as VMRUN will find it. */
static void tell_observer(unsigned cpu, const struct vmcb *vmcb)
{
	if (vmcb->tlb_control == TLB_FLUSH_ALL)
		observer->flush(cpu, 0);
	if (vmcb->tlb_control != TLB_NOTHING)
		observer->flush(cpu, vmcb->asid);
	observer->enter(cpu, vmcb->asid, vmcb->ncr3 >> PAGE_SHIFT);
}

void svm_vcpu_enter(struct vcpu *vcpu)
{
	struct svm_cpu *sc = svm_cpu(vcpu->cpu);
	struct svm_vcpu *sv = svm_vcpu(vcpu);
	struct vmcb *vmcb = sv->vmcb;
	bool due = tlb_needs_flush(tlb_cpu(vcpu->cpu), vcpu->ctx) || FAULT(FLUSH_VAIN);

	if (due && !FAULT(FLUSH_SVM))
		vmcb->tlb_control = sc->flush_by_asid ? TLB_FLUSH_ASID : TLB_FLUSH_ALL;
	tlb_note_entry(tlb_cpu(vcpu->cpu), vcpu->ctx, vmcb->tlb_control != TLB_NOTHING);

	vmcb->rax = vcpu->regs.r[REG_RAX];
	vmcb->rsp = vcpu->regs.r[REG_RSP]; /* a MOV from CR4 or CR8 may have set it */
	if (FAULT(NO_TLB_CONTROL))
		vmcb->tlb_control = TLB_NOTHING;
	if (__builtin_expect(observer != NULL, 0))
		tell_observer(vcpu->cpu->number, vmcb);
	if (__builtin_expect(!sv->loaded, 0))
		load(vcpu);
	sv->entry_aborted = !svm_enter(&vcpu->regs, sv->vmcb_pfn << PAGE_SHIFT, &sv->gs_base);
	OBSERVE(exit, vcpu->cpu->number);
	if (__builtin_expect(sv->entry_aborted, 0)) {
		if (vmcb->tlb_control != TLB_NOTHING)
			tlb_forget(tlb_cpu(vcpu->cpu));
		vmcb->tlb_control = TLB_NOTHING;
		return;
	}
	vcpu->regs.r[REG_RAX] = vmcb->rax;
	vcpu->regs.r[REG_RSP] = vmcb->rsp;

	/* Hardware does not clear them (15.16.2, 15.20). */
	vmcb->tlb_control = TLB_NOTHING;
	vmcb->eventinj = 0;
}

void svm_vcpu_skip(struct vcpu *vcpu, const struct vcpu_exit *exit, unsigned length)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	vmcb->rip = exit->rip + length;
	vmcb->interrupt_shadow &= ~INTERRUPT_SHADOW;
}

void svm_vcpu_inject(struct vcpu *vcpu, const struct vcpu_event *e)
{
	if (vcpu_event_is_fault(e))
		svm_vmcb(vcpu)->rflags |= RFLAGS_RF;
	svm_vmcb(vcpu)->eventinj = e->vector | (uint64_t)e->type << EVENT_TYPE_SHIFT |
				   (e->has_error ? EVENT_ERROR : 0) | EVENT_VALID |
				   (uint64_t)e->error << EVENT_CODE_SHIFT;
}

/*
 * An intercepted virtual interrupt: when hardware would deliver it, the window is open, and it
 * exits instead (15.21.4). The real interrupt is then injected by EVENTINJ.
 */
void svm_vcpu_want_window(struct vcpu *vcpu, bool on)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	if (on) {
		vmcb->vintr |= VINTR_IRQ | VINTR_IGNORE_TPR;
		vmcb->intercepts[VMCB_MISC1] |= MISC1_VINTR;
	} else {
		vmcb->vintr &= ~(VINTR_IRQ | VINTR_IGNORE_TPR);
		vmcb->intercepts[VMCB_MISC1] &= ~MISC1_VINTR;
	}
}

void svm_vcpu_get_state(struct vcpu *vcpu, struct vcpu_state *s)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	if (svm_vcpu(vcpu)->loaded)
		save(svm_vcpu(vcpu));
	for (unsigned n = 0; n < SEG_COUNT; n++) {
		const struct vmcb_segment *seg = segment(vmcb, n);

		s->seg[n] = (struct vcpu_segment){
			.selector = seg->selector,
			.attr = unpack_attr(seg->attr),
			.limit = seg->limit,
			.base = seg->base,
		};
	}
	s->gdtr_base = vmcb->gdtr.base;
	s->gdtr_limit = vmcb->gdtr.limit;
	s->idtr_base = vmcb->idtr.base;
	s->idtr_limit = vmcb->idtr.limit;
	s->rip = vmcb->rip;
	s->rsp = vmcb->rsp;
	s->rflags = vmcb->rflags;
	s->cr0 = vmcb->cr0;
	s->cr3 = vmcb->cr3;
	s->cr4 = vmcb->cr4;
	if (!FAULT(MCE_SHOWN)) /* guests may not set it: policy_state.c */
		s->cr4 &= ~CR4_MCE;
	/* LMA is computed: in Bochs 2.7 it has already changed when a write to CR0 exits. */
	s->efer = vmcb->efer & ~(EFER_SVME | EFER_LMA);
	if (s->cr0 & CR0_PG && s->efer & EFER_LME)
		s->efer |= EFER_LMA;
}

void svm_vcpu_set_cr(struct vcpu *vcpu, unsigned number, uint64_t value)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);

	switch (number) {
	case 0:
		vmcb->cr0 = value | CR0_ET;
		break;
	case 3:
		vmcb->cr3 = value;
		break;
	case 4:
		vmcb->cr4 = host_mce(value);
		break;
	}
}

void svm_vcpu_set_efer(struct vcpu *vcpu, uint64_t value)
{
	if (!FAULT(EFER_SVM))
		svm_vmcb(vcpu)->efer = value | EFER_SVME;
}
