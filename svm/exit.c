/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes EXITCODE, EXITINFO1 and EXITINFO2 into struct vcpu_exit. APM vol. 2, appendix C and
 * chapter 15.
 */
#include "svm/svm.h"

#include "kernel/lib/fault.h"
#include "kernel/lib/x86.h"

static void decode_npf(const struct vmcb *vmcb, struct vcpu_exit *exit)
{
	uint64_t info = vmcb->exitinfo1;

	exit->kind = info & NPF_RESERVED ? EXIT_MISCONFIG : EXIT_FAULT;
	exit->fault.gpa = vmcb->exitinfo2;
	exit->fault.access = info & NPF_FETCH ? ACCESS_EXEC : info & NPF_WRITE ? ACCESS_WRITE :
										 ACCESS_READ;
	exit->fault.walk = info & NPF_WALK;
	exit->fault.present = info & NPF_PRESENT;
	if (FAULT(ACCESS_SVM) && exit->fault.access == ACCESS_WRITE)
		exit->fault.access = ACCESS_READ;
	if (FAULT(WALK_SVM))
		exit->fault.walk = false;
	if (FAULT(PRESENT_SVM))
		exit->fault.present = false;
}

static void decode_io(const struct vmcb *vmcb, struct vcpu_exit *exit)
{
	uint64_t info = vmcb->exitinfo1;

	exit->kind = EXIT_IO;
	exit->length = (uint8_t)(vmcb->exitinfo2 - vmcb->rip);
	exit->io.port = (uint16_t)(info >> IOIO_PORT_SHIFT);
	exit->io.size = info >> IOIO_SIZE_SHIFT & 7;
	exit->io.in = info & IOIO_IN;
	exit->io.string = info & IOIO_STRING;
	exit->io.rep = info & IOIO_REP;
}

/* Without decode assists the register is unknown, and CLTS and LMSW look like MOV. */
static void decode_cr(const struct vcpu *vcpu, struct vcpu_exit *exit, unsigned code)
{
	const struct vmcb *vmcb = svm_vmcb(vcpu);
	bool known = svm_cpu(vcpu->cpu)->decode_assists && (vmcb->exitinfo1 & MOVCR_VALID);

	exit->kind = EXIT_CR;
	exit->cr.number = code & 0xf;
	exit->cr.write = code >= VMEXIT_CR0_WRITE;
	exit->cr.op = CR_MOV;
	exit->cr.reg = known ? vmcb->exitinfo1 & MOVCR_GPR_MASK : REG_UNKNOWN;
}

static void decode_exception(const struct vmcb *vmcb, struct vcpu_exit *exit, unsigned code)
{
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = (uint8_t)(code - VMEXIT_EXCEPTION_0);
	exit->exception.type = EVENT_EXCEPTION;
	exit->exception.error = (uint32_t)vmcb->exitinfo1;
	exit->exception.address = vmcb->exitinfo2;
}

static uint8_t kind_of(unsigned code)
{
	switch (code) {
	case VMEXIT_CPUID:
		return EXIT_CPUID;
	case VMEXIT_MSR:
		return EXIT_MSR;
	case VMEXIT_VMMCALL:
		return EXIT_HYPERCALL;
	case VMEXIT_HLT:
		return EXIT_HLT;
	case VMEXIT_XSETBV:
		return EXIT_XSETBV;
	case VMEXIT_INVD:
	case VMEXIT_WBINVD:
		return EXIT_CACHE;
	case VMEXIT_INTR:
		return EXIT_INTERRUPT;
	case VMEXIT_NMI: /* enter.asm took it when it set GIF */
		return EXIT_NMI;
	case VMEXIT_VINTR:
		return EXIT_WINDOW;
	case VMEXIT_SHUTDOWN:
		return EXIT_TRIPLE_FAULT;
	case VMEXIT_RDPMC:
	case VMEXIT_RSM:
	case VMEXIT_INVLPGA:
	case VMEXIT_VMRUN:
	case VMEXIT_VMLOAD:
	case VMEXIT_VMSAVE:
	case VMEXIT_STGI:
	case VMEXIT_CLGI:
	case VMEXIT_SKINIT:
	case VMEXIT_RDTSCP:
	case VMEXIT_MONITOR:
	case VMEXIT_MWAIT:
	case VMEXIT_MWAIT_ARMED:
		return EXIT_REFUSED_INSN;
	}
	return EXIT_UNKNOWN;
}

/*
 * The event whose delivery was interrupted. Events caused by an instruction (INT n, INT3, INTO) are
 * dropped: RIP is still at that instruction, which runs again.
 */
static void decode_pending(const struct vmcb *vmcb, struct vcpu_event *e)
{
	uint64_t info = vmcb->exitintinfo;

	e->valid = info & EVENT_VALID;
	if (!e->valid)
		return;
	e->vector = info & EVENT_VECTOR;
	e->type = info >> EVENT_TYPE_SHIFT & EVENT_TYPE_MASK;
	e->has_error = info & EVENT_ERROR;
	e->error = (uint32_t)(info >> EVENT_CODE_SHIFT);
	e->length = 0;
	if (e->type == EVENT_SOFT_INTERRUPT ||
	    (e->type == EVENT_EXCEPTION && (e->vector == VECTOR_BP || e->vector == VECTOR_OF)))
		e->valid = false;
}

/* Like an exit by the NMI right after entry; the event to inject stays pending. */
static void decode_aborted(const struct vmcb *vmcb, struct vcpu_exit *exit)
{
	exit->kind = EXIT_NMI;
	exit->rip = vmcb->rip;
	exit->reason = VMEXIT_NMI;
	exit->length = 0;
	exit->pending.valid = false;
}

void svm_exit_decode(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vmcb *vmcb = svm_vmcb(vcpu);
	unsigned code = (unsigned)vmcb->exitcode;

	if (__builtin_expect(svm_vcpu(vcpu)->entry_aborted, 0)) {
		decode_aborted(vmcb, exit);
		return;
	}
	exit->rip = vmcb->rip;
	exit->fetch = vmcb->cs.base + vmcb->rip;
	exit->cr3 = vmcb->cr3;
	exit->reason = vmcb->exitcode;
	exit->info1 = vmcb->exitinfo1;
	exit->info2 = vmcb->exitinfo2;
	exit->length = svm_cpu(vcpu->cpu)->nrips ? (uint8_t)(vmcb->nrip - vmcb->rip) : 0;
	decode_pending(vmcb, &exit->pending);

	if (code == VMEXIT_NPF)
		decode_npf(vmcb, exit);
	else if (code == VMEXIT_IOIO)
		decode_io(vmcb, exit);
	else if (code == VMEXIT_INVALID_LOW)
		exit->kind = EXIT_ENTRY_FAILED;
	else if (code < VMEXIT_DR0_READ)
		decode_cr(vcpu, exit, code);
	else if (code <= VMEXIT_DR15_WRITE)
		exit->kind = EXIT_REFUSED_INSN;
	else if (code <= VMEXIT_EXCEPTION_31)
		decode_exception(vmcb, exit, code);
	else
		exit->kind = kind_of(code);
	if (exit->kind == EXIT_MSR)
		exit->msr.write = vmcb->exitinfo1 & 1;
}
