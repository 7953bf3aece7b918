/* SPDX-License-Identifier: BSD-2-Clause */
/* Describes exits and failures in the manual's terms: APM vol. 2, appendix C. For reports. */
#include "kernel/host/pages.h"
#include "kernel/host/trap.h"
#include "kernel/lib/format.h"
#include "kernel/lib/x86.h"
#include "svm/svm.h"

static const char *name_of(unsigned code)
{
	static const struct {
		unsigned code;
		const char *name;
	} names[] = {
		{ VMEXIT_INTR, "physical interrupt" },
		{ VMEXIT_NMI, "NMI" },
		{ VMEXIT_SMI, "SMI" },
		{ VMEXIT_INIT, "INIT" },
		{ VMEXIT_VINTR, "virtual interrupt window" },
		{ VMEXIT_RDPMC, "RDPMC" },
		{ VMEXIT_CPUID, "CPUID" },
		{ VMEXIT_RSM, "RSM" },
		{ VMEXIT_INVD, "INVD" },
		{ VMEXIT_HLT, "HLT" },
		{ VMEXIT_INVLPGA, "INVLPGA" },
		{ VMEXIT_TASK_SWITCH, "task switch" },
		{ VMEXIT_SHUTDOWN, "shutdown" },
		{ VMEXIT_VMRUN, "VMRUN" },
		{ VMEXIT_VMMCALL, "VMMCALL" },
		{ VMEXIT_VMLOAD, "VMLOAD" },
		{ VMEXIT_VMSAVE, "VMSAVE" },
		{ VMEXIT_STGI, "STGI" },
		{ VMEXIT_CLGI, "CLGI" },
		{ VMEXIT_SKINIT, "SKINIT" },
		{ VMEXIT_RDTSCP, "RDTSCP" },
		{ VMEXIT_WBINVD, "WBINVD" },
		{ VMEXIT_MONITOR, "MONITOR" },
		{ VMEXIT_MWAIT, "MWAIT" },
		{ VMEXIT_MWAIT_ARMED, "MWAIT, armed" },
		{ VMEXIT_XSETBV, "XSETBV" },
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	return "an exit code of no name here";
}

/*
 * 15.5.1, "Canonicalization and Consistency Checks", as far as the VMCB still shows the cause. Some
 * emulators leave the host's state where the guest's was.
 */
static const char *invalid_cause(const struct vmcb *vmcb)
{
	bool paging = vmcb->cr0 & CR0_PG, long_mode = paging && vmcb->efer & EFER_LME;

	if (!vmcb->asid)
		return "the ASID is 0";
	if (!(vmcb->intercepts[VMCB_MISC2] & MISC2_VMRUN))
		return "VMRUN is not intercepted";
	if (vmcb->iopm_base % PAGE_SIZE || vmcb->msrpm_base % PAGE_SIZE)
		return "a permission map is not aligned";
	if (!(vmcb->efer & EFER_SVME))
		return "EFER.SVME is 0";
	if ((vmcb->cr0 & (CR0_CD | CR0_NW)) == CR0_NW)
		return "CR0.NW without CD";
	if (vmcb->cr0 >> 32)
		return "CR0 has a reserved bit";
	if (long_mode && !(vmcb->cr4 & CR4_PAE))
		return "EFER.LME and CR0.PG without CR4.PAE";
	if (long_mode && !(vmcb->cr0 & CR0_PE))
		return "EFER.LME and CR0.PG without PE";
	if (long_mode && (vmcb->cs.attr & (CS_LONG | CS_DB)) == (CS_LONG | CS_DB))
		return "CS has both L and D";
	if (vmcb->dr6 >> 32 || vmcb->dr7 >> 32)
		return "DR6 or DR7 has a reserved bit";
	return "EVENTINJ, or a rule that is not looked at here, or what broke it is overwritten";
}

/* 15.25.6 */
static void describe_fault(const struct vmcb *vmcb, char *words)
{
	uint64_t info = vmcb->exitinfo1;

	format(words, VMM_TEXT_MAX, "nested page fault: %s%s at gpa 0x%lx, %s (EXITINFO1 0x%lx)",
	       info & NPF_WALK ? "the guest's page walk, which counts as a " : "",
	       info & NPF_FETCH ? "fetch" :
	       info & NPF_WRITE ? "write" :
				  "read",
	       (unsigned long)vmcb->exitinfo2,
	       info & NPF_RESERVED ? "an entry has a reserved bit" :
	       info & NPF_PRESENT  ? "the entries lack the right" :
				     "no entry is present",
	       (unsigned long)info);
}

static void describe_io(uint64_t info, char *words)
{
	format(words, VMM_TEXT_MAX, "port access: %s%s%s, port 0x%x, %u byte(s) (EXITINFO1 0x%lx)",
	       info & IOIO_REP ? "REP " : "", info & IOIO_IN ? "IN" : "OUT",
	       info & IOIO_STRING ? "S" : "", (unsigned)(info >> IOIO_PORT_SHIFT & 0xffff),
	       (unsigned)(info >> IOIO_SIZE_SHIFT & 7), (unsigned long)info);
}

/* Control and debug registers, and exceptions: one code per number. */
static void describe_numbered(const struct vmcb *vmcb, unsigned code, char *words)
{
	if (code <= VMEXIT_DR15_WRITE)
		format(words, VMM_TEXT_MAX, "MOV %s %s%u (EXITCODE 0x%x, EXITINFO1 0x%lx)",
		       code & 0x10 ? "to" : "from", code < VMEXIT_DR0_READ ? "CR" : "DR",
		       code & 0xf, code, (unsigned long)vmcb->exitinfo1);
	else
		format(words, VMM_TEXT_MAX, "exception %u (%s), error code 0x%lx, EXITINFO2 0x%lx",
		       code - VMEXIT_EXCEPTION_0, trap_name(code - VMEXIT_EXCEPTION_0),
		       (unsigned long)vmcb->exitinfo1, (unsigned long)vmcb->exitinfo2);
}

void svm_exit_describe(struct vcpu *vcpu, char *words)
{
	const struct vmcb *vmcb = svm_vmcb(vcpu);
	unsigned code = (unsigned)vmcb->exitcode;

	if (code == VMEXIT_INVALID_LOW)
		format(words, VMM_TEXT_MAX, "VMRUN refused (VMEXIT_INVALID): %s",
		       invalid_cause(vmcb));
	else if (code == VMEXIT_NPF)
		describe_fault(vmcb, words);
	else if (code == VMEXIT_IOIO)
		describe_io(vmcb->exitinfo1, words);
	else if (code == VMEXIT_MSR)
		format(words, VMM_TEXT_MAX, "%s of MSR 0x%x",
		       vmcb->exitinfo1 & 1 ? "WRMSR" : "RDMSR", (unsigned)vcpu->regs.r[REG_RCX]);
	else if (code <= VMEXIT_EXCEPTION_31)
		describe_numbered(vmcb, code, words);
	else
		format(words, VMM_TEXT_MAX, "%s (EXITCODE 0x%x, EXITINFO1 0x%lx, EXITINFO2 0x%lx)",
		       name_of(code), code, (unsigned long)vmcb->exitinfo1,
		       (unsigned long)vmcb->exitinfo2);
}
