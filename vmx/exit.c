/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes exits from the VMCS's read-only fields into struct vcpu_exit. One table has a row for
 * each basic exit reason, in the order of SDM vol. 3D, appendix C. A VMREAD costs as much as a
 * dozen other instructions, so apart from reason, RIP and RSP only what the row needs is read.
 *
 * An exit can interrupt the delivery of an event. The event is lost unless it is injected again
 * (exit->pending); only some reasons can do this.
 */
#include "vmx/vmx.h"

#include "kernel/lib/fault.h"
#include "kernel/lib/x86.h"

typedef void decode_fn(struct vcpu *vcpu, struct vcpu_exit *exit);

/* 28.2.4: the event whose delivery was interrupted. */
static void decode_pending(struct vcpu_exit *exit)
{
	uint32_t word = (uint32_t)vmcs_read(VMCS_VECTORING_EVENT);
	struct vcpu_event *event = &exit->pending;

	event->valid = word & EVENT_WORD_VALID;
	if (!event->valid)
		return;
	event->vector = word & EVENT_WORD_VECTOR;
	event->type = word >> EVENT_WORD_TYPE_SHIFT & EVENT_WORD_TYPE;
	event->has_error = word & EVENT_WORD_HAS_ERROR;
	event->error = event->has_error ? (uint32_t)vmcs_read(VMCS_VECTORING_EVENT_ERROR) : 0;
	event->length = event->type >= EVENT_SOFT_INTERRUPT ?
				(uint8_t)vmcs_read(VMCS_EXIT_INSN_LENGTH) : 0;
}

/* An IRET that faulted has already unblocked NMIs, and will do so again (28.2.3). */
static void block_nmi_again(void)
{
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
		   vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) | BLOCKED_NMI);
}

/* Reason 0: an intercepted exception, or an NMI of the host. */
static void decode_event(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	uint32_t word = (uint32_t)vmcs_read(VMCS_EXIT_EVENT);

	(void)vcpu;
	exit->info1 = word;
	decode_pending(exit);
	if ((word >> EVENT_WORD_TYPE_SHIFT & EVENT_WORD_TYPE) == EVENT_NMI) {
		/* The exit consumed the NMI and left NMIs blocked; INT's handler ends with the IRET
		 * that unblocks them. */
		exit->kind = EXIT_NMI;
		__asm__ volatile("int %0" : : "i"(VECTOR_NMI) : "memory");
		return;
	}
	exit->exception.vector = word & EVENT_WORD_VECTOR;
	exit->exception.type = word >> EVENT_WORD_TYPE_SHIFT & EVENT_WORD_TYPE;
	exit->exception.error =
		word & EVENT_WORD_HAS_ERROR ? (uint32_t)vmcs_read(VMCS_EXIT_EVENT_ERROR) : 0;
	exit->exception.address = vmcs_read(VMCS_QUALIFICATION); /* only for #PF */
	exit->info2 = exit->exception.address;
	exit->length = (uint8_t)vmcs_read(VMCS_EXIT_INSN_LENGTH); /* only for INT1, INT3, INTO */
	if (word & EVENT_WORD_NMI_IRET && !exit->pending.valid &&
	    exit->exception.vector != VECTOR_DF)
		block_nmi_again();
}

/* Table 28-7. A read-modify-write may report read and write: it is a write. */
static void decode_fault(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	uint64_t qual = vmcs_read(VMCS_QUALIFICATION);

	(void)vcpu;
	decode_pending(exit);
	exit->info1 = qual;
	exit->info2 = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS);
	exit->fault.gpa = exit->info2;
	exit->fault.access = qual & QUAL_EPT_EXEC  ? ACCESS_EXEC :
			     qual & QUAL_EPT_WRITE ? ACCESS_WRITE : ACCESS_READ;
	/* Without a linear address: MOV CR loads the four PDPTEs of PAE paging. */
	exit->fault.walk = (qual & (QUAL_EPT_LINEAR | QUAL_EPT_FINAL)) !=
			   (QUAL_EPT_LINEAR | QUAL_EPT_FINAL);
	exit->fault.present = qual & QUAL_EPT_RIGHTS;
	if (FAULT(ACCESS_VMX) && exit->fault.access == ACCESS_WRITE)
		exit->fault.access = ACCESS_READ;
	if (FAULT(WALK_VMX))
		exit->fault.walk = false;
	if (FAULT(PRESENT_VMX))
		exit->fault.present = false;
	if (qual & QUAL_EPT_NMI_IRET && !exit->pending.valid)
		block_nmi_again();
}

static void decode_misconfig(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	(void)vcpu;
	decode_pending(exit);
	exit->info2 = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS);
	exit->fault.gpa = exit->info2;
	exit->fault.access = 0; /* not reported */
	exit->fault.walk = false;
	exit->fault.present = true;
}

/* Table 28-5. */
static void decode_io(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	uint64_t qual = vmcs_read(VMCS_QUALIFICATION);

	(void)vcpu;
	exit->info1 = qual;
	exit->io.port = (uint16_t)(qual >> 16);
	exit->io.size = (uint8_t)((qual & 7) + 1);
	exit->io.in = qual & 8;
	exit->io.string = qual & 16;
	exit->io.rep = qual & 32;
}

static void decode_rdmsr(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	(void)vcpu;
	exit->msr.write = false;
}

static void decode_wrmsr(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	(void)vcpu;
	exit->msr.write = true;
}

/* Table 28-3. */
static void decode_cr(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	enum { MOV_TO_CR, MOV_FROM_CR, CLTS, LMSW };
	static const uint8_t ops[] = {
		[MOV_TO_CR] = CR_MOV, [MOV_FROM_CR] = CR_MOV, [CLTS] = CR_CLTS, [LMSW] = CR_LMSW,
	};
	uint64_t qual = vmcs_read(VMCS_QUALIFICATION);
	unsigned type = qual >> 4 & 3;
	struct vmx_vcpu *vx = vcpu->arch;

	exit->info1 = qual;
	exit->cr.number = qual & 0xf;
	exit->cr.reg = qual >> 8 & 0xf;
	exit->cr.op = ops[type];
	exit->cr.write = type != MOV_FROM_CR;
	exit->cr.source = (uint16_t)(qual >> 16);
	if (type == MOV_FROM_CR && exit->cr.reg == REG_RSP)
		vx->eptp = 0; /* so that prepare_and_enter writes the new RSP */
}

/* Reason 41: a machine check during VM entry (27.9). */
static void decode_machine_check(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	(void)vcpu;
	exit->exception.vector = VECTOR_MC;
	exit->exception.type = EVENT_EXCEPTION;
}

/* Unexpected exits: data for the report. */
static void decode_other(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	(void)vcpu;
	decode_pending(exit);
	exit->info1 = vmcs_read(VMCS_QUALIFICATION);
}

struct row {
	const char *name;
	decode_fn *more;
	uint8_t kind;
	bool length; /* the instruction length is valid (28.2.5) */
};

static const struct row rows[] = {
	[0] = { "exception or NMI", decode_event, EXIT_EXCEPTION, false },
	[1] = { "external interrupt", NULL, EXIT_INTERRUPT, false },
	[2] = { "triple fault", NULL, EXIT_TRIPLE_FAULT, false },
	[3] = { "INIT signal", decode_other, EXIT_UNKNOWN, false },
	[4] = { "start-up IPI", decode_other, EXIT_UNKNOWN, false },
	[5] = { "I/O SMI", decode_other, EXIT_UNKNOWN, false },
	[6] = { "other SMI", decode_other, EXIT_UNKNOWN, false },
	[7] = { "interrupt window", NULL, EXIT_WINDOW, false },
	[8] = { "NMI window", NULL, EXIT_WINDOW, false },
	[9] = { "task switch", decode_other, EXIT_UNKNOWN, true },
	[10] = { "CPUID", NULL, EXIT_CPUID, true },
	[11] = { "GETSEC", NULL, EXIT_REFUSED_INSN, true },
	[12] = { "HLT", NULL, EXIT_HLT, true },
	[13] = { "INVD", NULL, EXIT_CACHE, true },
	[14] = { "INVLPG", decode_other, EXIT_UNKNOWN, true },
	[15] = { "RDPMC", NULL, EXIT_REFUSED_INSN, true },
	[16] = { "RDTSC", decode_other, EXIT_UNKNOWN, true },
	[17] = { "RSM", NULL, EXIT_REFUSED_INSN, true },
	[18] = { "VMCALL", NULL, EXIT_HYPERCALL, true },
	[19] = { "VMCLEAR", NULL, EXIT_REFUSED_INSN, true },
	[20] = { "VMLAUNCH", NULL, EXIT_REFUSED_INSN, true },
	[21] = { "VMPTRLD", NULL, EXIT_REFUSED_INSN, true },
	[22] = { "VMPTRST", NULL, EXIT_REFUSED_INSN, true },
	[23] = { "VMREAD", NULL, EXIT_REFUSED_INSN, true },
	[24] = { "VMRESUME", NULL, EXIT_REFUSED_INSN, true },
	[25] = { "VMWRITE", NULL, EXIT_REFUSED_INSN, true },
	[26] = { "VMXOFF", NULL, EXIT_REFUSED_INSN, true },
	[27] = { "VMXON", NULL, EXIT_REFUSED_INSN, true },
	[28] = { "control-register access", decode_cr, EXIT_CR, true },
	[29] = { "MOV DR", NULL, EXIT_REFUSED_INSN, true },
	[30] = { "I/O instruction", decode_io, EXIT_IO, true },
	[31] = { "RDMSR", decode_rdmsr, EXIT_MSR, true },
	[32] = { "WRMSR", decode_wrmsr, EXIT_MSR, true },
	[33] = { "entry failed: invalid guest state", NULL, EXIT_ENTRY_FAILED, false },
	[34] = { "entry failed: MSR loading", NULL, EXIT_ENTRY_FAILED, false },
	[36] = { "MWAIT", NULL, EXIT_REFUSED_INSN, true },
	[37] = { "monitor trap flag", decode_other, EXIT_UNKNOWN, false },
	[39] = { "MONITOR", NULL, EXIT_REFUSED_INSN, true },
	[40] = { "PAUSE", decode_other, EXIT_UNKNOWN, true },
	[41] = { "entry failed: machine check", decode_machine_check, EXIT_EXCEPTION, false },
	[43] = { "TPR below threshold", decode_other, EXIT_UNKNOWN, false },
	[44] = { "APIC access", decode_other, EXIT_UNKNOWN, false },
	[45] = { "virtualized EOI", decode_other, EXIT_UNKNOWN, false },
	[46] = { "access to GDTR or IDTR", decode_other, EXIT_UNKNOWN, true },
	[47] = { "access to LDTR or TR", decode_other, EXIT_UNKNOWN, true },
	[48] = { "EPT violation", decode_fault, EXIT_FAULT, false },
	[49] = { "EPT misconfiguration", decode_misconfig, EXIT_MISCONFIG, false },
	[50] = { "INVEPT", NULL, EXIT_REFUSED_INSN, true },
	[51] = { "RDTSCP", NULL, EXIT_REFUSED_INSN, true },
	[52] = { "VMX-preemption timer", NULL, EXIT_TIMER, false },
	[53] = { "INVVPID", NULL, EXIT_REFUSED_INSN, true },
	[54] = { "WBINVD", NULL, EXIT_CACHE, true },
	[55] = { "XSETBV", NULL, EXIT_XSETBV, true },
	[56] = { "APIC write", decode_other, EXIT_UNKNOWN, false },
	[57] = { "RDRAND", NULL, EXIT_REFUSED_INSN, true },
	[58] = { "INVPCID", NULL, EXIT_REFUSED_INSN, true },
	[59] = { "VMFUNC", NULL, EXIT_REFUSED_INSN, true },
	[60] = { "ENCLS", NULL, EXIT_REFUSED_INSN, true },
	[61] = { "RDSEED", NULL, EXIT_REFUSED_INSN, true },
	[62] = { "page-modification log full", decode_other, EXIT_UNKNOWN, false },
	[63] = { "XSAVES", NULL, EXIT_REFUSED_INSN, true },
	[64] = { "XRSTORS", NULL, EXIT_REFUSED_INSN, true },
	[65] = { "PCONFIG", NULL, EXIT_REFUSED_INSN, true },
	[66] = { "SPP-related event", decode_other, EXIT_UNKNOWN, false },
	[67] = { "UMWAIT", NULL, EXIT_REFUSED_INSN, true },
	[68] = { "TPAUSE", NULL, EXIT_REFUSED_INSN, true },
	[69] = { "LOADIWKEY", NULL, EXIT_REFUSED_INSN, true },
	[70] = { "ENCLV", NULL, EXIT_REFUSED_INSN, true },
	[72] = { "ENQCMD PASID translation", NULL, EXIT_REFUSED_INSN, true },
	[73] = { "ENQCMDS PASID translation", NULL, EXIT_REFUSED_INSN, true },
	[74] = { "bus lock", decode_other, EXIT_UNKNOWN, false },
	[75] = { "instruction timeout", decode_other, EXIT_UNKNOWN, false },
	[76] = { "SEAMCALL", NULL, EXIT_REFUSED_INSN, true },
	[77] = { "TDCALL", NULL, EXIT_REFUSED_INSN, true },
	[78] = { "RDMSRLIST", NULL, EXIT_REFUSED_INSN, true },
	[79] = { "WRMSRLIST", NULL, EXIT_REFUSED_INSN, true },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const char *vmx_reason_name(unsigned basic)
{
	return basic < ROWS && rows[basic].name ? rows[basic].name :
						  "a reason that the SDM of 2023 does not name";
}

/* The entry instruction failed (31.2), or an entry check did (27.8). */
static void decode_entry_failed(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vmx_vcpu *vx = vcpu->arch;

	exit->kind = EXIT_ENTRY_FAILED;
	exit->length = 0;
	vx->eptp = 0;
	if (vx->result != VMX_OK) {
		exit->reason = vx->result;
		exit->rip = 0;
		if (vx->result == VMX_FAIL_VALID) {
			exit->info1 = vmcs_read(VMCS_INSN_ERROR);
			exit->rip = vmcs_read(VMCS_GUEST_RIP);
		}
		return;
	}
	exit->info1 = vmcs_read(VMCS_QUALIFICATION);
	/* The manual does not say whether the VMCS is launched now; VMCLEAR makes it clear. */
	vmx_clear_launch(vcpu);
}

/* Like an exit by the NMI right after entry; the event to inject stays pending. */
static void decode_aborted(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct vmx_vcpu *vx = vcpu->arch;

	vx->result = VMX_OK;
	exit->kind = EXIT_NMI;
	exit->length = 0;
	exit->reason = 0;
	exit->rip = vmcs_read(VMCS_GUEST_RIP);
}

/* Bit 31: the entry failed. Other bits and reasons without a row are unexpected. */
static void decode_beyond(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	if (exit->reason == (EXIT_REASON_ENTRY_FAILED | REASON_MACHINE_CHECK)) {
		exit->kind = EXIT_EXCEPTION;
		decode_machine_check(vcpu, exit);
		return;
	}
	if (exit->reason & EXIT_REASON_ENTRY_FAILED) {
		decode_entry_failed(vcpu, exit);
		return;
	}
	exit->kind = EXIT_UNKNOWN;
	exit->length = 0;
	decode_other(vcpu, exit);
}

void vmx_decode(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	const struct vmx_vcpu *vx = vcpu->arch;
	const struct row *row;
	decode_fn *more;
	uint64_t reason;

	exit->pending.valid = false;
	exit->info1 = 0;
	exit->info2 = 0;
	if (__builtin_expect(vx->result != VMX_OK, 0)) {
		if (vx->result == VMX_ABORTED)
			decode_aborted(vcpu, exit);
		else
			decode_entry_failed(vcpu, exit);
		return;
	}
	reason = vmcs_read(VMCS_EXIT_REASON);
	exit->reason = reason;
	vmcs_read_to(&exit->rip, VMCS_GUEST_RIP);
	vmcs_read_to(&vcpu->regs.r[REG_RSP], VMCS_GUEST_RSP);
	if (__builtin_expect(reason >= ROWS, 0)) {
		decode_beyond(vcpu, exit);
		return;
	}
	row = &rows[reason];
	more = row->more;
	exit->kind = row->kind;
	if (__builtin_expect(row->length, 1))
		exit->length = (uint8_t)vmcs_read(VMCS_EXIT_INSN_LENGTH);
	else
		exit->length = 0;
	if (more)
		more(vcpu, exit);
}
