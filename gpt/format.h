/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The differences between EPT and nPT, as data, and the PTE operations (vpeo_*)
 * as generic functions over it. Hot loops thus pay a load, not an indirect call.
 *
 * Of the bits that both manuals leave to software this code uses bit 11: it is set
 * in vacant and in frozen entries and in no present one. A frozen entry keeps its
 * present bits in 55:53; hardware ignores all bits of an entry that is not present.
 */
#ifndef GPT_FORMAT_H
#define GPT_FORMAT_H

#include "pte.h"
#include "vmm_gpt.h"

/* Marks what the format cannot encode. No entry is all ones. */
#define VMM_GPT_NO_ENCODING UINT64_MAX

/* Selects the encoding of a memory type: 0 for 4K leaves, 1 for larger ones. */
#define VMM_GPT_SIZE_CLASS(level) ((level) > 1 ? 1 : 0)

struct vmm_gpt_format {
	const char *name;
	uint64_t present;  /* any of these makes an entry present */
	uint64_t table;	   /* a table's entry has these set ... */
	uint64_t large;	   /* ... and this clear; leaves above level 1 have it set */
	uint64_t pfn_mask; /* bits 51:12; for large leaves without the bits below their size */
	uint64_t accessed;
	uint64_t dirty;
	uint64_t rights_mask; /* the bits of rights[] */
	/* Indexed by VMM_GPT_READ | _WRITE | _EXEC. Execute-only also needs caps.exec_only. */
	uint64_t rights[8];
	/* Indexed by size class and memory type. */
	uint64_t types[2][8];
	/* For decoding: the bit of each right, and the bits that deny it when set. */
	uint64_t inverted;
	uint8_t read_bit;
	uint8_t write_bit;
	uint8_t exec_bit;
	/*
	 * A three-bit number selects the memory type: bits 1:0 are at type_low_bit
	 * and above, bit 2 is at type_high_bit of the size class.
	 */
	uint8_t type_low_bit;
	uint8_t type_high_bit[2];
	uint8_t type_of[8]; /* the type of each number */
	/* Bits of the root pointer besides the address: always, and for A/D flags. */
	uint64_t pmtp;
	uint64_t pmtp_track_ad;
};

extern const struct vmm_gpt_format vmm_gpt_ept;
extern const struct vmm_gpt_format vmm_gpt_npt;

/* An entry of this level covers 2^shift bytes. */
static inline unsigned vmm_gpt_level_shift(unsigned level)
{
	return VMM_GPT_PAGE_SHIFT + (level - 1) * VMM_GPT_INDEX_BITS;
}

static inline uint64_t vpeo_map_table(const struct vmm_gpt_format *format, uint64_t pfn)
{
	return pfn << VMM_GPT_PAGE_SHIFT | format->table;
}

/*
 * A leaf with A and D clear, or VMM_GPT_NO_ENCODING if this format on this CPU
 * cannot express the rights, type and pfn. The caller checks the level.
 */
static inline uint64_t vpeo_map_page(const struct vmm_gpt_format *format,
				     const struct vmm_gpt_caps *caps, unsigned level, uint64_t pfn,
				     unsigned prot, unsigned type)
{
	if (prot > VMM_GPT_RWX || type > 7 || pfn >> (caps->maxphyaddr - VMM_GPT_PAGE_SHIFT))
		return VMM_GPT_NO_ENCODING;
	if (prot == VMM_GPT_EXEC && !caps->exec_only)
		return VMM_GPT_NO_ENCODING;

	/* If either has no encoding, the result is all ones. */
	uint64_t bits = format->rights[prot] | format->types[VMM_GPT_SIZE_CLASS(level)][type];

	if (level > 1)
		bits |= format->large;
	return bits | pfn << VMM_GPT_PAGE_SHIFT;
}

static inline bool vpeo_pte_is_present(const struct vmm_gpt_format *format, uint64_t pte)
{
	return pte & format->present;
}

/* Only for entries above level 1. */
static inline bool gpt_pte_is_table(const struct vmm_gpt_format *format, uint64_t pte)
{
	return (pte & (format->table | format->large)) == format->table;
}

static inline bool gpt_pte_is_leaf(const struct vmm_gpt_format *format, uint64_t pte,
				   unsigned level)
{
	return vpeo_pte_is_present(format, pte) && (level == 1 || (pte & format->large));
}

/* For a leaf of this level; level 1 also for an entry that refers to a table. */
static inline uint64_t vpeo_pte_pfn(const struct vmm_gpt_format *format, uint64_t pte,
				    unsigned level)
{
	uint64_t size = UINT64_C(1) << vmm_gpt_level_shift(level);

	return (pte & format->pfn_mask & ~(size - 1)) >> VMM_GPT_PAGE_SHIFT;
}

static inline unsigned vpeo_pte_prot(const struct vmm_gpt_format *format, uint64_t pte)
{
	uint64_t bits = pte ^ format->inverted;

	return (bits >> format->read_bit & 1 ? VMM_GPT_READ : 0) |
	       (bits >> format->write_bit & 1 ? VMM_GPT_WRITE : 0) |
	       (bits >> format->exec_bit & 1 ? VMM_GPT_EXEC : 0);
}

static inline unsigned gpt_pte_type(const struct vmm_gpt_format *format, uint64_t pte,
				    unsigned level)
{
	unsigned high = format->type_high_bit[VMM_GPT_SIZE_CLASS(level)];

	return format->type_of[(pte >> format->type_low_bit & 3) | (pte >> high & 1) << 2];
}

/* The translation: the entry without A and D, which hardware sets. */
static inline uint64_t gpt_pte_sans_ad(const struct vmm_gpt_format *format, uint64_t pte)
{
	return pte & ~(format->accessed | format->dirty);
}

/* The leaf with other rights, which must have an encoding. */
static inline uint64_t gpt_pte_with_prot(const struct vmm_gpt_format *format, uint64_t pte,
					 unsigned prot)
{
	return (pte & ~format->rights_mask) | format->rights[prot];
}

/*
 * Re-encodes a leaf of this level, including A and D, for level to, one up or down.
 * The pfn stays the same.
 */
static inline uint64_t gpt_pte_at_level(const struct vmm_gpt_format *format, uint64_t pte,
					unsigned level, unsigned to)
{
	uint64_t type = UINT64_C(3) << format->type_low_bit |
			UINT64_C(1) << format->type_high_bit[VMM_GPT_SIZE_CLASS(level)];

	return (pte & ~(type | (level > 1 ? format->large : 0))) |
	       format->types[VMM_GPT_SIZE_CLASS(to)][gpt_pte_type(format, pte, level)] |
	       (to > 1 ? format->large : 0);
}

/* The bits that make an entry present in either format, and where frozen entries keep them. */
#define GPT_PTE_PRESENT_BITS UINT64_C(7)
#define GPT_PTE_FROZEN_SHIFT 53

static inline bool gpt_pte_is_frozen(uint64_t pte)
{
	return (pte & VMM_GPT_FROZEN) == VMM_GPT_FROZEN;
}

/* pte is 0 or a leaf. */
static inline uint64_t gpt_pte_freeze(uint64_t pte)
{
	return (pte & ~GPT_PTE_PRESENT_BITS) |
	       (pte & GPT_PTE_PRESENT_BITS) << GPT_PTE_FROZEN_SHIFT | VMM_GPT_FROZEN;
}

/* The entry before it was frozen. */
static inline uint64_t gpt_pte_thaw(uint64_t pte)
{
	return (pte & ~(VMM_GPT_FROZEN | GPT_PTE_PRESENT_BITS << GPT_PTE_FROZEN_SHIFT)) |
	       (pte >> GPT_PTE_FROZEN_SHIFT & GPT_PTE_PRESENT_BITS);
}

/*
 * Sets or clears one bit of a leaf of this level. *old: the entry before. False, and
 * nothing is changed, if there is no leaf. It loops because at any moment the leaf
 * may be taken out and hardware may set bits.
 */
static inline bool gpt_pte_reset_bit(const struct vmm_gpt_format *format, vmm_gpt_pte_t *ptep,
				     unsigned level, uint64_t bit, bool on, uint64_t *old)
{
	*old = vmm_gpt_pte_load(ptep);
	do {
		if (!gpt_pte_is_leaf(format, *old, level))
			return false;
		if (!(*old & bit) == !on)
			return true;
	} while (!vmm_gpt_pte_cas(ptep, old, *old ^ bit));
	return true;
}

static inline bool vpeo_reset_dirty(const struct vmm_gpt_format *format, vmm_gpt_pte_t *ptep,
				    unsigned level, bool on, uint64_t *old)
{
	return gpt_pte_reset_bit(format, ptep, level, format->dirty, on, old);
}

static inline bool vpeo_reset_accessed(const struct vmm_gpt_format *format, vmm_gpt_pte_t *ptep,
				       unsigned level, bool on, uint64_t *old)
{
	return gpt_pte_reset_bit(format, ptep, level, format->accessed, on, old);
}

static inline uint64_t vpeo_get_pmtp(const struct vmm_gpt_format *format, uint64_t root_pfn,
				     bool track_ad)
{
	return root_pfn << VMM_GPT_PAGE_SHIFT | format->pmtp |
	       (track_ad ? format->pmtp_track_ad : 0);
}

#endif
