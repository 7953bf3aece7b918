/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMX instructions, one function each. Source: SDM vol. 3C, 31 "VMX Instruction
 * Reference". They succeed or fail as in 31.2: CF is VMfailInvalid, ZF is VMfailValid. The
 * result must be checked.
 */
#ifndef VMX_INSN_H
#define VMX_INSN_H

#include <stdbool.h>
#include <stdint.h>

enum vmx_result {
	VMX_OK = 0,
	VMX_FAIL_INVALID = 1, /* no current VMCS that could hold an error number */
	VMX_FAIL_VALID = 2,   /* VMCS_INSN_ERROR has the reason */
	VMX_ABORTED = 3,	      /* vmx_enter only: an NMI came first, no entry was made */
};

#define VMX_MUST_CHECK __attribute__((warn_unused_result))

static inline enum vmx_result vmx_result_of(bool cf, bool zf)
{
	return cf ? VMX_FAIL_INVALID : zf ? VMX_FAIL_VALID : VMX_OK;
}

/* VMXON, VMCLEAR and VMPTRLD take the physical address from memory. */
#define VMX_INSN_PHYS(insn)                                                        \
	VMX_MUST_CHECK static inline enum vmx_result insn_##insn(uint64_t phys)    \
	{                                                                          \
		bool cf, zf;                                                       \
		__asm__ volatile(#insn " %2"                                       \
				 : "=@ccc"(cf), "=@ccz"(zf)                        \
				 : "m"(phys)                                       \
				 : "memory");                                      \
		return vmx_result_of(cf, zf);                                      \
	}
VMX_INSN_PHYS(vmxon)
VMX_INSN_PHYS(vmclear)
VMX_INSN_PHYS(vmptrld)
#undef VMX_INSN_PHYS

VMX_MUST_CHECK static inline enum vmx_result insn_vmxoff(void)
{
	bool cf, zf;

	__asm__ volatile("vmxoff" : "=@ccc"(cf), "=@ccz"(zf) : : "memory");
	return vmx_result_of(cf, zf);
}

VMX_MUST_CHECK static inline enum vmx_result insn_vmread(uint64_t field, uint64_t *value)
{
	bool cf, zf;

	__asm__ volatile("vmread %3, %2" : "=@ccc"(cf), "=@ccz"(zf), "=r"(*value) : "r"(field));
	return vmx_result_of(cf, zf);
}

VMX_MUST_CHECK static inline enum vmx_result insn_invept(uint64_t type, uint64_t eptp)
{
	const struct {
		uint64_t eptp, zero;
	} descriptor = { eptp, 0 };
	bool cf, zf;

	__asm__ volatile("invept %2, %3"
			 : "=@ccc"(cf), "=@ccz"(zf)
			 : "m"(descriptor), "r"(type)
			 : "memory");
	return vmx_result_of(cf, zf);
}

/*
 * For fields that must exist in the current VMCS: an access to one that does not is our bug and
 * panics with its name (failure.c). VMREADs are most of an exit's cost, so success costs only
 * one branch.
 */
_Noreturn void vmcs_read_failed(uint64_t field);
_Noreturn void vmcs_write_failed(uint64_t field);

#define VMCS_ELSE(failed, field)                     \
	"jbe 1f\n\t"                                 \
	".pushsection .text.unlikely, \"ax\"\n"       \
	"1:\tmovq " field ", %%rdi\n\t"              \
	"jmp " failed "\n\t"                         \
	".popsection"

static inline uint64_t vmcs_read(uint64_t field)
{
	uint64_t value;

	__asm__ volatile("vmread %1, %0\n\t" VMCS_ELSE("vmcs_read_failed", "%1")
			 : "=r"(value)
			 : "r"(field)
			 : "cc");
	return value;
}

/* The same, directly to memory: saves an instruction. */
static inline void vmcs_read_to(uint64_t *value, uint64_t field)
{
	__asm__ volatile("vmread %1, %0\n\t" VMCS_ELSE("vmcs_read_failed", "%1")
			 : "=m"(*value)
			 : "r"(field)
			 : "cc");
}

/* For reports: 0 if the field cannot be read. */
static inline uint64_t vmcs_peek(uint64_t field)
{
	uint64_t value;

	return insn_vmread(field, &value) == VMX_OK ? value : 0;
}

static inline void vmcs_write(uint64_t field, uint64_t value)
{
	__asm__ volatile("vmwrite %1, %0\n\t" VMCS_ELSE("vmcs_write_failed", "%0")
			 :
			 : "r"(field), "r"(value)
			 : "cc", "memory");
}

#endif
