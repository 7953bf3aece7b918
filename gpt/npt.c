/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AMD's nested page tables: the long-mode format. APM vol. 2, 5.3 "Long-Mode
 * Page Translation", 5.4 "Page-Translation-Table Entry Fields" and 15.25
 * "Nested Paging".
 */
#include "format.h"

#define NPT_PRESENT (UINT64_C(1) << 0)
#define NPT_WRITE   (UINT64_C(1) << 1)
/* A nested walk counts as a user access (15.25.5), so every entry has this set. */
#define NPT_USER	  (UINT64_C(1) << 2)
#define NPT_PWT_BIT	  3
#define NPT_PCD_BIT	  4
#define NPT_ACCESSED	  (UINT64_C(1) << 5)
#define NPT_DIRTY	  (UINT64_C(1) << 6)
#define NPT_LARGE	  (UINT64_C(1) << 7)	       /* PS, above level 1 */
#define NPT_PAT_BIT_4K	  7			       /* 5.4.1: at the place of PS ... */
#define NPT_PAT_BIT_LARGE 12			       /* ... so elsewhere in large leaves */
#define NPT_ADDRESS	  UINT64_C(0x000ffffffffff000) /* bits 51:12 */
#define NPT_NX_BIT	  63
#define NPT_NX		  (UINT64_C(1) << NPT_NX_BIT)

/* A PAT entry's index, encoded in PWT, PCD and PAT (7.8.2). */
#define NPT_PAT_INDEX(index, pat_bit)                                                              \
	((uint64_t)((index)&1) << NPT_PWT_BIT | (uint64_t)((index) >> 1 & 1) << NPT_PCD_BIT |      \
	 (uint64_t)((index) >> 2 & 1) << (pat_bit))

/* The index of each type in VMM_GPT_PAT. */
enum { PAT_WB = 0, PAT_WT = 1, PAT_WC = 2, PAT_UC = 3, PAT_WP = 4 };

#define PAT_TYPE(index) (VMM_GPT_PAT >> 8 * (index)&7)

/* 2, 3 and 7 are not types that EPT has too (7 is UC- in a PAT). */
#define NPT_TYPES(pat_bit)                                                                         \
	{                                                                                          \
		[VMM_GPT_UC] = NPT_PAT_INDEX(PAT_UC, pat_bit),                                     \
		[VMM_GPT_WC] = NPT_PAT_INDEX(PAT_WC, pat_bit), [2] = VMM_GPT_NO_ENCODING,          \
		[3] = VMM_GPT_NO_ENCODING, [VMM_GPT_WT] = NPT_PAT_INDEX(PAT_WT, pat_bit),          \
		[VMM_GPT_WP] = NPT_PAT_INDEX(PAT_WP, pat_bit),                                     \
		[VMM_GPT_WB] = NPT_PAT_INDEX(PAT_WB, pat_bit), [7] = VMM_GPT_NO_ENCODING,          \
	}

const struct vmm_gpt_format vmm_gpt_npt = {
	.name = "nPT",
	.present = NPT_PRESENT,
	.table = NPT_PRESENT | NPT_WRITE | NPT_USER,
	.large = NPT_LARGE,
	.pfn_mask = NPT_ADDRESS,
	.accessed = NPT_ACCESSED,
	.dirty = NPT_DIRTY,
	.rights_mask = NPT_PRESENT | NPT_WRITE | NPT_USER | NPT_NX,
	/* A present entry is readable: rights without read cannot be expressed. */
	.rights = {
		[0] = VMM_GPT_NO_ENCODING,
		[VMM_GPT_READ] = NPT_PRESENT | NPT_USER | NPT_NX,
		[VMM_GPT_WRITE] = VMM_GPT_NO_ENCODING,
		[VMM_GPT_READ | VMM_GPT_WRITE] = NPT_PRESENT | NPT_USER | NPT_WRITE | NPT_NX,
		[VMM_GPT_EXEC] = VMM_GPT_NO_ENCODING,
		[VMM_GPT_READ | VMM_GPT_EXEC] = NPT_PRESENT | NPT_USER,
		[VMM_GPT_WRITE | VMM_GPT_EXEC] = VMM_GPT_NO_ENCODING,
		[VMM_GPT_RWX] = NPT_PRESENT | NPT_USER | NPT_WRITE,
	},
	.types = { NPT_TYPES(NPT_PAT_BIT_4K), NPT_TYPES(NPT_PAT_BIT_LARGE) },
	.inverted = NPT_NX,
	.read_bit = 0,
	.write_bit = 1,
	.exec_bit = NPT_NX_BIT,
	.type_low_bit = NPT_PWT_BIT,
	.type_high_bit = { NPT_PAT_BIT_4K, NPT_PAT_BIT_LARGE },
	.type_of = { PAT_TYPE(0), PAT_TYPE(1), PAT_TYPE(2), PAT_TYPE(3),
		     PAT_TYPE(4), PAT_TYPE(5), PAT_TYPE(6), PAT_TYPE(7) },
	.pmtp = 0, /* nCR3 is the address, PWT and PCD 0 (15.25.3) */
	.pmtp_track_ad = 0, /* always on */
};

_Static_assert(PAT_TYPE(PAT_WB) == VMM_GPT_WB && PAT_TYPE(PAT_WT) == VMM_GPT_WT &&
		       PAT_TYPE(PAT_WC) == VMM_GPT_WC && PAT_TYPE(PAT_UC) == VMM_GPT_UC &&
		       PAT_TYPE(PAT_WP) == VMM_GPT_WP,
	       "the leaves' PAT numbers are those of VMM_GPT_PAT");
_Static_assert(NPT_PCD_BIT == NPT_PWT_BIT + 1, "type_low_bit covers both");
_Static_assert(!((VMM_GPT_VACANT | VMM_GPT_FROZEN) & NPT_PRESENT), "a vacant slot is not present");
_Static_assert(!(VMM_GPT_VACANT & (NPT_ADDRESS | NPT_NX | NPT_PAT_INDEX(7, NPT_PAT_BIT_4K) |
				   NPT_USER | NPT_WRITE | NPT_ACCESSED | NPT_DIRTY)),
	       "no leaf has the vacant bit");
