/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel's extended page tables. SDM vol. 3C, 29.3.2 "EPT Translation
 * Mechanism", tables 29-1 to 29-7; the EPTP is in 25.6.11, table 25-9.
 */
#include "format.h"

#define EPT_READ     (UINT64_C(1) << 0)
#define EPT_WRITE    (UINT64_C(1) << 1)
#define EPT_EXEC     (UINT64_C(1) << 2)
#define EPT_TYPE_BIT 3 /* the memory type, bits 5:3, of leaves */
/* Bit 6 of leaves, "ignore PAT", stays 0: the guest's PAT applies. */
#define EPT_LARGE    (UINT64_C(1) << 7)
#define EPT_ACCESSED (UINT64_C(1) << 8)
#define EPT_DIRTY    (UINT64_C(1) << 9)
#define EPT_ADDRESS  UINT64_C(0x000ffffffffff000) /* bits 51:12 */

#define EPTP_TYPE     ((uint64_t)VMM_GPT_WB)		    /* bits 2:0 */
#define EPTP_WALK     ((uint64_t)(VMM_GPT_LEVELS - 1) << 3) /* bits 5:3: length - 1 */
#define EPTP_TRACK_AD (UINT64_C(1) << 6)

#define EPT_TYPE(type) ((uint64_t)(type) << EPT_TYPE_BIT)

/* 2, 3 and 7 are reserved: a leaf with one of them is an EPT misconfiguration. */
#define EPT_TYPES                                                                                  \
	{                                                                                          \
		[VMM_GPT_UC] = EPT_TYPE(VMM_GPT_UC), [VMM_GPT_WC] = EPT_TYPE(VMM_GPT_WC),          \
		[2] = VMM_GPT_NO_ENCODING, [3] = VMM_GPT_NO_ENCODING,                              \
		[VMM_GPT_WT] = EPT_TYPE(VMM_GPT_WT), [VMM_GPT_WP] = EPT_TYPE(VMM_GPT_WP),          \
		[VMM_GPT_WB] = EPT_TYPE(VMM_GPT_WB), [7] = VMM_GPT_NO_ENCODING,                    \
	}

const struct vmm_gpt_format vmm_gpt_ept = {
	.name = "EPT",
	.present = EPT_READ | EPT_WRITE | EPT_EXEC,
	.table = EPT_READ | EPT_WRITE | EPT_EXEC,
	.large = EPT_LARGE,
	.pfn_mask = EPT_ADDRESS,
	.accessed = EPT_ACCESSED,
	.dirty = EPT_DIRTY,
	.rights_mask = EPT_READ | EPT_WRITE | EPT_EXEC,
	/* Write without read is a misconfiguration (29.3.3.1). */
	.rights = {
		[0] = VMM_GPT_NO_ENCODING,
		[VMM_GPT_READ] = EPT_READ,
		[VMM_GPT_WRITE] = VMM_GPT_NO_ENCODING,
		[VMM_GPT_READ | VMM_GPT_WRITE] = EPT_READ | EPT_WRITE,
		[VMM_GPT_EXEC] = EPT_EXEC,
		[VMM_GPT_READ | VMM_GPT_EXEC] = EPT_READ | EPT_EXEC,
		[VMM_GPT_WRITE | VMM_GPT_EXEC] = VMM_GPT_NO_ENCODING,
		[VMM_GPT_RWX] = EPT_READ | EPT_WRITE | EPT_EXEC,
	},
	.types = { EPT_TYPES, EPT_TYPES },
	.inverted = 0,
	.read_bit = 0,
	.write_bit = 1,
	.exec_bit = 2,
	.type_low_bit = EPT_TYPE_BIT,
	.type_high_bit = { EPT_TYPE_BIT + 2, EPT_TYPE_BIT + 2 },
	.type_of = { 0, 1, 2, 3, 4, 5, 6, 7 },
	.pmtp = EPTP_TYPE | EPTP_WALK,
	.pmtp_track_ad = EPTP_TRACK_AD,
};

/* Our rights and types have EPT's encoding. */
_Static_assert(VMM_GPT_READ == EPT_READ && VMM_GPT_WRITE == EPT_WRITE && VMM_GPT_EXEC == EPT_EXEC,
	       "rights are EPT's bits 2:0");
/* A slot without a page is an EPT violation, never a misconfiguration. */
_Static_assert(!((VMM_GPT_VACANT | VMM_GPT_FROZEN) & (EPT_READ | EPT_WRITE | EPT_EXEC)),
	       "a vacant slot is not present");
_Static_assert(!(VMM_GPT_VACANT &
		 (EPT_ADDRESS | EPT_TYPE(7) | EPT_LARGE | EPT_ACCESSED | EPT_DIRTY)),
	       "no leaf has the vacant bit");
