/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Describes exits and failures in the manual's terms. Used when something went wrong, so nothing
 * here relies on a field being readable.
 */
#include "vmx/vmx.h"

#include "kernel/host/trap.h"
#include "kernel/lib/format.h"

static const char *rights(uint64_t qual)
{
	static const char *const names[8] = { "none", "r--", "-w-", "rw-",
					      "--x",  "r-x", "-wx", "rwx" };

	return names[(qual & QUAL_EPT_RIGHTS) / QUAL_EPT_CAN_READ];
}

static void describe_fault(uint64_t qual, char *words)
{
	int n = format(words, VMM_TEXT_MAX,
		       "EPT violation: %s%s%sat gpa 0x%llx, the entry allows %s",
		       qual & QUAL_EPT_READ ? "read " : "", qual & QUAL_EPT_WRITE ? "write " : "",
		       qual & QUAL_EPT_EXEC ? "fetch " : "",
		       (unsigned long long)vmcs_peek(VMCS_GUEST_PHYSICAL_ADDRESS), rights(qual));

	if (qual & QUAL_EPT_LINEAR)
		format(words + n, VMM_TEXT_MAX - (size_t)n,
		       ", %s linear 0x%llx (qualification 0x%llx)",
		       qual & QUAL_EPT_FINAL ? "for" : "by the guest's page walk for",
		       (unsigned long long)vmcs_peek(VMCS_GUEST_LINEAR_ADDRESS),
		       (unsigned long long)qual);
	else
		format(words + n, VMM_TEXT_MAX - (size_t)n, ", by MOV CR (qualification 0x%llx)",
		       (unsigned long long)qual);
}

static void describe_cr(uint64_t qual, char *words)
{
	static const char *const kinds[4] = { "MOV to CR", "MOV from CR", "CLTS, CR", "LMSW, CR" };

	format(words, VMM_TEXT_MAX,
	       "control-register access: %s%u, register %u (qualification 0x%llx)",
	       kinds[qual >> 4 & 3], (unsigned)(qual & 0xf), (unsigned)(qual >> 8 & 0xf),
	       (unsigned long long)qual);
}

static void describe_io(uint64_t qual, char *words)
{
	format(words, VMM_TEXT_MAX,
	       "I/O instruction: %s%s%s port 0x%x, %u byte(s) "
	       "(qualification 0x%llx)",
	       qual & 32 ? "REP " : "", qual & 8 ? "IN" : "OUT", qual & 16 ? "S" : "",
	       (unsigned)(qual >> 16 & 0xffff), (unsigned)(qual & 7) + 1, (unsigned long long)qual);
}

/* 27.8: the qualification of reasons 33 and 34. */
static void describe_entry_failed(unsigned basic, uint64_t qual, char *words)
{
	const char *why = "no rule that we know is broken";

	if (basic == REASON_BAD_MSR_LOAD) {
		format(words, VMM_TEXT_MAX, "%s: entry %u of the MSR-load area",
		       vmx_reason_name(basic), (unsigned)qual);
		return;
	}
	if (basic == REASON_BAD_GUEST_STATE) {
		const char *found = vmx_check_guest(&vmx_common.allowed.fixed);

		if (qual == 2)
			why = "loading the PDPTEs of PAE paging";
		else if (qual == 3)
			why = "an NMI was to be injected while STI or MOV SS blocks it";
		else if (qual == 4)
			why = "VMCS link pointer";
		else if (found)
			why = found;
	} else {
		why = "the machine is broken";
	}
	format(words, VMM_TEXT_MAX, "%s: %s (qualification %llu)", vmx_reason_name(basic), why,
	       (unsigned long long)qual);
}

static void describe_event(char *words)
{
	uint32_t word = (uint32_t)vmcs_peek(VMCS_EXIT_EVENT);

	format(words, VMM_TEXT_MAX, "exception or NMI: vector %u (%s), type %u, error 0x%x",
	       (unsigned)(word & EVENT_WORD_VECTOR), trap_name(word & EVENT_WORD_VECTOR),
	       (unsigned)(word >> EVENT_WORD_TYPE_SHIFT & EVENT_WORD_TYPE),
	       word & EVENT_WORD_HAS_ERROR ? (unsigned)vmcs_peek(VMCS_EXIT_EVENT_ERROR) : 0);
}

void vmx_describe(struct vcpu *vcpu, char *words)
{
	const struct vmx_vcpu *vx = vcpu->arch;
	uint64_t reason, qual;
	unsigned basic;

	vmx_make_current(vcpu);
	if (vx->result != VMX_OK) {
		vmx_describe_failure(words, vx->launched ? "VMRESUME" : "VMLAUNCH", vx->result);
		return;
	}
	reason = vmcs_peek(VMCS_EXIT_REASON);
	qual = vmcs_peek(VMCS_QUALIFICATION);
	basic = reason & EXIT_REASON_BASIC;
	if (reason & EXIT_REASON_ENTRY_FAILED)
		describe_entry_failed(basic, qual, words);
	else if (basic == REASON_EVENT)
		describe_event(words);
	else if (basic == REASON_EPT_VIOLATION)
		describe_fault(qual, words);
	else if (basic == REASON_EPT_MISCONFIG)
		format(words, VMM_TEXT_MAX, "EPT misconfiguration at gpa 0x%llx",
		       (unsigned long long)vmcs_peek(VMCS_GUEST_PHYSICAL_ADDRESS));
	else if (basic == REASON_CR)
		describe_cr(qual, words);
	else if (basic == REASON_IO)
		describe_io(qual, words);
	else if (basic == REASON_RDMSR || basic == REASON_WRMSR)
		format(words, VMM_TEXT_MAX, "%s of MSR 0x%x", vmx_reason_name(basic),
		       (unsigned)vcpu->regs.r[REG_RCX]);
	else
		format(words, VMM_TEXT_MAX, "%s (exit reason %u, qualification 0x%llx)",
		       vmx_reason_name(basic), basic, (unsigned long long)qual);
}

bool vmx_fault_linear(struct vcpu *vcpu, uint64_t *gva)
{
	vmx_make_current(vcpu);
	*gva = vmcs_peek(VMCS_GUEST_LINEAR_ADDRESS);
	return vmcs_peek(VMCS_QUALIFICATION) & QUAL_EPT_LINEAR;
}
