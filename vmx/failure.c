/* SPDX-License-Identifier: BSD-2-Clause */
/* Failures of VMX instructions in the manual's terms; those that must not fail panic. */
#include "vmx/vmx.h"

#include "kernel/lib/format.h"

/* SDM vol. 3C, table 31-1. */
static const char *const errors[] = {
	[1] = "VMCALL executed in VMX root operation",
	[2] = "VMCLEAR with invalid physical address",
	[3] = "VMCLEAR with VMXON pointer",
	[4] = "VMLAUNCH with non-clear VMCS",
	[5] = "VMRESUME with non-launched VMCS",
	[6] = "VMRESUME after VMXOFF",
	[7] = "VM entry with invalid control field(s)",
	[8] = "VM entry with invalid host-state field(s)",
	[9] = "VMPTRLD with invalid physical address",
	[10] = "VMPTRLD with VMXON pointer",
	[11] = "VMPTRLD with incorrect VMCS revision identifier",
	[12] = "VMREAD/VMWRITE from/to unsupported VMCS component",
	[13] = "VMWRITE to read-only VMCS component",
	[15] = "VMXON executed in VMX root operation",
	[16] = "VM entry with invalid executive-VMCS pointer",
	[17] = "VM entry with non-launched executive VMCS",
	[18] = "VM entry with executive-VMCS pointer not VMXON pointer",
	[19] = "VMCALL with non-clear VMCS",
	[20] = "VMCALL with invalid VM-exit control fields",
	[22] = "VMCALL with incorrect MSEG revision identifier",
	[23] = "VMXOFF under dual-monitor treatment of SMIs and SMM",
	[24] = "VMCALL with invalid SMM-monitor features",
	[25] = "VM entry with invalid VM-execution control fields in executive VMCS",
	[26] = "VM entry with events blocked by MOV SS",
	[28] = "invalid operand to INVEPT/INVVPID",
};

static const char *error_name(uint64_t error)
{
	return error < sizeof(errors) / sizeof(errors[0]) && errors[error] ? errors[error] :
									     "not in the manual";
}

void vmx_describe_failure(char *words, const char *insn, enum vmx_result result)
{
	uint64_t error;

	if (result == VMX_FAIL_INVALID) {
		format(words, VMM_TEXT_MAX, "%s failed (VMfailInvalid): there is no current VMCS",
		       insn);
		return;
	}
	error = vmcs_peek(VMCS_INSN_ERROR);
	format(words, VMM_TEXT_MAX, "%s failed (VMfailValid), VM-instruction error %u: %s", insn,
	       (unsigned)error, error_name(error));
}

static _Noreturn void access_failed(const char *insn, uint64_t field)
{
	uint64_t error = vmcs_peek(VMCS_INSN_ERROR);

	panic("%s of VMCS field 0x%04x failed: %s", insn, (unsigned)field,
	      error ? error_name(error) : "there is no current VMCS");
}

_Noreturn void vmcs_read_failed(uint64_t field)
{
	access_failed("VMREAD", field);
}

_Noreturn void vmcs_write_failed(uint64_t field)
{
	access_failed("VMWRITE", field);
}
