/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bhyve's interface of 2022 over this page table: a caller that was written against
 * illumos's vmm_gpt.h compiles with this header unchanged. Include it in place of
 * vmm_gpt.h; the names of both cannot be used in the same file. What behaves differently
 * is in gpt/README.md.
 *
 * The original takes its memory from the kernel around it. Here vmm_gpt_bhyve says once
 * where tables, and the record of each, come from, and what the CPU can do.
 */
#ifndef GPT_COMPAT_VMM_GPT_BHYVE_H
#define GPT_COMPAT_VMM_GPT_BHYVE_H

#include "../format.h"

typedef uint64_t pfn_t;
typedef unsigned int uint_t;
typedef struct vmm_gpt vmm_gpt_t;

/* Protections are PROT_READ, PROT_WRITE and PROT_EXEC of illumos's sys/mman.h: 1, 2, 4. */
_Static_assert(VMM_GPT_READ == 1 && VMM_GPT_WRITE == 2 && VMM_GPT_EXEC == 4, "PROT_*");

/* Levels count from the root. */
enum vmm_gpt_node_level { LEVEL4 = 0, LEVEL3, LEVEL2, LEVEL1, MAX_GPT_LEVEL };

/* Entries of 4 KiB pages and of tables, as the original has no others. */
typedef struct vmm_pte_ops {
	uint64_t (*vpeo_map_table)(pfn_t pfn);
	uint64_t (*vpeo_map_page)(pfn_t pfn, uint_t prot, uint8_t attr);
	pfn_t (*vpeo_pte_pfn)(uint64_t pte);
	bool (*vpeo_pte_is_present)(uint64_t pte);
	uint_t (*vpeo_pte_prot)(uint64_t pte);
	uint_t (*vpeo_reset_dirty)(uint64_t *ptep, bool on);
	uint_t (*vpeo_reset_accessed)(uint64_t *ptep, bool on);
	uint64_t (*vpeo_get_pmtp)(pfn_t root_pfn);
	const struct vmm_gpt_format *format;
} vmm_pte_ops_t;

/* The surroundings. give_up must not return: the original cannot fail where memory runs out,
 * and where a range is refused. */
struct vmm_gpt_bhyve {
	struct vmm_gpt_caps caps;
	struct vmm_gpt_hooks hooks;
	void *(*get)(size_t size);
	void (*put)(void *gpt, size_t size);
	void (*give_up)(const char *function, const char *error);
};

extern struct vmm_gpt_bhyve vmm_gpt_bhyve; /* the user's */

#define VMM_GPT_BHYVE_OPS(name, format_)                                                         \
	static inline uint64_t name##_map_table(pfn_t pfn)                                       \
	{                                                                                        \
		return vpeo_map_table(&(format_), pfn);                                          \
	}                                                                                        \
	static inline uint64_t name##_map_page(pfn_t pfn, uint_t prot, uint8_t attr)             \
	{                                                                                        \
		return vpeo_map_page(&(format_), &vmm_gpt_bhyve.caps, 1, pfn, prot, attr);       \
	}                                                                                        \
	static inline pfn_t name##_pte_pfn(uint64_t pte)                                         \
	{                                                                                        \
		return vpeo_pte_pfn(&(format_), pte, 1);                                         \
	}                                                                                        \
	static inline bool name##_pte_is_present(uint64_t pte)                                   \
	{                                                                                        \
		return vpeo_pte_is_present(&(format_), pte);                                     \
	}                                                                                        \
	static inline uint_t name##_pte_prot(uint64_t pte)                                       \
	{                                                                                        \
		return vpeo_pte_prot(&(format_), pte);                                           \
	}                                                                                        \
	static inline uint_t name##_reset_dirty(uint64_t *ptep, bool on)                         \
	{                                                                                        \
		uint64_t old;                                                                    \
                                                                                                 \
		return vpeo_reset_dirty(&(format_), ptep, 1, on, &old) && old & (format_).dirty; \
	}                                                                                        \
	static inline uint_t name##_reset_accessed(uint64_t *ptep, bool on)                      \
	{                                                                                        \
		uint64_t old;                                                                    \
                                                                                                 \
		return vpeo_reset_accessed(&(format_), ptep, 1, on, &old) &&                     \
		       old & (format_).accessed;                                                 \
	}                                                                                        \
	static inline uint64_t name##_get_pmtp(pfn_t root_pfn)                                   \
	{                                                                                        \
		return vpeo_get_pmtp(&(format_), root_pfn, vmm_gpt_bhyve.caps.track_ad);         \
	}                                                                                        \
	static vmm_pte_ops_t name __attribute__((unused)) = {                                    \
		name##_map_table, name##_map_page, name##_pte_pfn, name##_pte_is_present,        \
		name##_pte_prot, name##_reset_dirty, name##_reset_accessed, name##_get_pmtp,     \
		&(format_),                                                                      \
	}

VMM_GPT_BHYVE_OPS(ept_pte_ops, vmm_gpt_ept);
VMM_GPT_BHYVE_OPS(npt_pte_ops, vmm_gpt_npt);

static inline void vmm_gpt_bhyve_check(const char *function, struct vmm_gpt_result result)
{
	if (result.error)
		vmm_gpt_bhyve.give_up(function, vmm_gpt_error_name(result.error));
}

static inline vmm_gpt_t *bhyve_gpt_alloc(vmm_pte_ops_t *ops)
{
	vmm_gpt_t *gpt = vmm_gpt_bhyve.get(sizeof(*gpt));

	if (!gpt)
		vmm_gpt_bhyve.give_up("vmm_gpt_alloc", vmm_gpt_error_name(VMM_GPT_NO_MEMORY));
	vmm_gpt_bhyve_check("vmm_gpt_alloc", vmm_gpt_alloc(gpt, ops->format, &vmm_gpt_bhyve.caps,
							   &vmm_gpt_bhyve.hooks));
	return gpt;
}

static inline void bhyve_gpt_free(vmm_gpt_t *gpt)
{
	vmm_gpt_free(gpt);
	vmm_gpt_bhyve.put(gpt, sizeof(*gpt));
}

static inline void bhyve_gpt_walk(vmm_gpt_t *gpt, uint64_t gpa, uint64_t **entries,
				  enum vmm_gpt_node_level depth)
{
	vmm_gpt_walk(gpt, gpa, entries, depth);
}

static inline uint64_t *bhyve_gpt_lookup(vmm_gpt_t *gpt, uint64_t gpa)
{
	return vmm_gpt_lookup(gpt, gpa, NULL);
}

/* Only 4 KiB entries, as the original. */
static inline void bhyve_gpt_populate_region(vmm_gpt_t *gpt, uint64_t start, uint64_t end)
{
	vmm_gpt_bhyve_check("vmm_gpt_populate_region", vmm_gpt_populate_region(gpt, start, end, 1));
}

static inline void bhyve_gpt_vacate_region(vmm_gpt_t *gpt, uint64_t start, uint64_t end)
{
	struct vmm_gpt_retired retired = { 0 };

	vmm_gpt_bhyve_check("vmm_gpt_vacate_region",
			    vmm_gpt_vacate_region(gpt, start, end, &retired));
	vmm_gpt_free_retired(gpt, &retired);
}

static inline bool bhyve_gpt_map(vmm_gpt_t *gpt, uint64_t gpa, pfn_t pfn, uint_t prot,
				 uint8_t attr)
{
	return vmm_gpt_map(gpt, gpa, pfn, 1, prot, attr).changed;
}

static inline bool bhyve_gpt_map_at(vmm_gpt_t *gpt, uint64_t *ptep, pfn_t pfn, uint_t prot,
				    uint8_t attr)
{
	return vmm_gpt_map_at(gpt, ptep, pfn, 1, prot, attr).changed;
}

static inline bool bhyve_gpt_unmap(vmm_gpt_t *gpt, uint64_t gpa)
{
	return vmm_gpt_unmap(gpt, gpa).changed;
}

static inline size_t bhyve_gpt_unmap_region(vmm_gpt_t *gpt, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result result = vmm_gpt_unmap_region(gpt, start, end, NULL, NULL);

	vmm_gpt_bhyve_check("vmm_gpt_unmap_region", result);
	return (size_t)result.entry;
}

static inline bool bhyve_gpt_is_mapped(vmm_gpt_t *gpt, uint64_t *ptep, pfn_t *pfn, uint_t *prot)
{
	struct vmm_gpt_leaf leaf;

	if (!vmm_gpt_is_mapped(gpt, ptep, 1, &leaf))
		return false;
	*pfn = leaf.pfn;
	*prot = leaf.prot;
	return true;
}

static inline uint_t bhyve_gpt_reset_accessed(vmm_gpt_t *gpt, uint64_t *entry, bool on)
{
	struct vmm_gpt_result result = vmm_gpt_reset_accessed(gpt, entry, on);

	return !result.error && result.entry & gpt->format->accessed;
}

static inline uint_t bhyve_gpt_reset_dirty(vmm_gpt_t *gpt, uint64_t *entry, bool on)
{
	struct vmm_gpt_result result = vmm_gpt_reset_dirty(gpt, entry, on);

	return !result.error && result.entry & gpt->format->dirty;
}

static inline uint64_t bhyve_gpt_get_pmtp(vmm_gpt_t *gpt)
{
	return vmm_gpt_get_pmtp(gpt, gpt->caps.track_ad);
}

#define vmm_gpt_alloc		bhyve_gpt_alloc
#define vmm_gpt_free		bhyve_gpt_free
#define vmm_gpt_walk		bhyve_gpt_walk
#define vmm_gpt_lookup		bhyve_gpt_lookup
#define vmm_gpt_populate_region bhyve_gpt_populate_region
#define vmm_gpt_vacate_region	bhyve_gpt_vacate_region
#define vmm_gpt_map		bhyve_gpt_map
#define vmm_gpt_map_at		bhyve_gpt_map_at
#define vmm_gpt_unmap		bhyve_gpt_unmap
#define vmm_gpt_unmap_region	bhyve_gpt_unmap_region
#define vmm_gpt_is_mapped	bhyve_gpt_is_mapped
#define vmm_gpt_reset_accessed	bhyve_gpt_reset_accessed
#define vmm_gpt_reset_dirty	bhyve_gpt_reset_dirty
#define vmm_gpt_get_pmtp	bhyve_gpt_get_pmtp

#endif
