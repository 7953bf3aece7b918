/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generic page table: one radix tree for a guest's physical address space.
 *
 * Hardware walks the very pages that this code edits: EPT on Intel, nested
 * paging (nPT, the long-mode format) on AMD. What differs between the two is
 * constant data, a struct vmm_gpt_format, chosen when a table is made; both
 * can be in use side by side.
 *
 *	level 4        PML4            one entry: 512 GiB
 *	level 3        PDPT            one entry: 1 GiB     (leaf possible)
 *	level 2        PD              one entry: 2 MiB     (leaf possible)
 *	level 1        PT              one entry: 4 KiB     (always a leaf)
 *
 * "Populated" is a set of addresses: those that have an entry of their own in
 * the lowest table. A slot of a lowest table is in one of three states, and
 * which one stands in the slot itself, so that mapping is a single
 * compare-and-swap and needs to look nowhere else:
 *
 *	VMM_GPT_VACANT   not populated: not zero, and not present for hardware
 *	0                populated, maps nothing
 *	a leaf           populated, maps a page
 *
 * While a range is being vacated its empty slots are VMM_GPT_FROZEN: no longer
 * to be mapped, but told apart from vacant ones, so that a vacate that has to
 * be refused after all restores what it found.
 *
 * Units: a gpa is in bytes, a pfn in pages of 4 KiB; [start, end) is in bytes
 * and aligned to 4 KiB. Levels count from 1 (4 KiB leaves) upwards.
 *
 * Concurrency: vmm_gpt_walk, _lookup, _map, _map_at, _unmap, _is_mapped and
 * the A/D operations run beside each other, beside hardware's own walks, and
 * beside vmm_gpt_populate_region. vmm_gpt_populate_region and
 * vmm_gpt_vacate_region run one at a time per table (the caller's lock). A
 * table page that was taken out is used again only after every software
 * walker that could hold a pointer into it is done, and every CPU that could
 * have cached a path through it has flushed: this code hands out what it
 * took, and its owner gives it back when that is true.
 *
 * Sources: Intel SDM vol. 3C, 29.3 "The Extended Page Table Mechanism";
 * AMD APM vol. 2, 5.3 "Long-Mode Page Translation" and 15.25 "Nested Paging".
 */
#ifndef GPT_VMM_GPT_H
#define GPT_VMM_GPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Geometry. Compile-time parameters, so that tests can exhaust small trees. */
#ifndef VMM_GPT_LEVELS
#define VMM_GPT_LEVELS 4
#endif
#ifndef VMM_GPT_INDEX_BITS
#define VMM_GPT_INDEX_BITS 9
#endif
#define VMM_GPT_PAGE_SHIFT 12
#define VMM_GPT_PAGE_SIZE  (UINT64_C(1) << VMM_GPT_PAGE_SHIFT)
#define VMM_GPT_ENTRIES	   (1u << VMM_GPT_INDEX_BITS)
/* The first gpa that a table cannot hold: 2^48. */
#define VMM_GPT_GPA_END \
	(UINT64_C(1) << (VMM_GPT_PAGE_SHIFT + VMM_GPT_LEVELS * VMM_GPT_INDEX_BITS))

/* An entry. It is shared with hardware: only the accessors of pte.h touch it. */
typedef uint64_t vmm_gpt_pte_t;

/* A slot of a lowest table that is not populated; not present in either format. */
#define VMM_GPT_VACANT (UINT64_C(1) << 11)
/* One that is being vacated, or is in a table that was taken out: a kind of vacant. */
#define VMM_GPT_FROZEN (VMM_GPT_VACANT | UINT64_C(1) << 52)

/* Rights. W without R, and nothing at all, are expressible in no format. */
enum {
	VMM_GPT_READ = 1,
	VMM_GPT_WRITE = 2,
	VMM_GPT_EXEC = 4,
	VMM_GPT_RWX = 7,
};

/* Memory types, encoded as in the MTRRs, the PAT and EPT (SDM vol. 3A, 12.11). */
enum {
	VMM_GPT_UC = 0,
	VMM_GPT_WC = 1,
	VMM_GPT_WT = 4,
	VMM_GPT_WP = 5,
	VMM_GPT_WB = 6,
};

/*
 * The IA32_PAT value that nPT leaves are encoded for. Nested entries select
 * from the host's PAT (APM vol. 2, 15.25.8), so the host loads this one.
 * Entry:  0 WB, 1 WT, 2 WC, 3 UC, 4 WP, the rest UC.
 */
#define VMM_GPT_PAT UINT64_C(0x0000000500010406)

/* What this CPU, and the caller, allow. Given once, when a table is made. */
struct vmm_gpt_caps {
	uint8_t maxphyaddr; /* bits in a physical address, at most 52 */
	bool leaf_2m;
	bool leaf_1g;
	bool exec_only; /* execute without read (EPT, SDM 28.3.3) */
	bool track_ad;	/* hardware sets accessed and dirty */
};

enum vmm_gpt_error {
	VMM_GPT_OK = 0,
	VMM_GPT_MISALIGNED,	 /* an address or a run is not aligned */
	VMM_GPT_OUT_OF_RANGE,	 /* beyond 2^48, empty, or start above end */
	VMM_GPT_NOT_POPULATED,	 /* no slot for this gpa */
	VMM_GPT_CONFLICT,	 /* another leaf is there; .entry has it */
	VMM_GPT_STILL_MAPPED,	 /* a vacate would lose a mapping; .entry has the first */
	VMM_GPT_NOT_EXPRESSIBLE, /* rights, type, pfn or size that this format or CPU lacks */
	VMM_GPT_NO_MEMORY,	 /* a table page could not be had; nothing has changed */
	VMM_GPT_RETRY,		 /* lost to a table being taken out; walk again */
};

/* What has to be flushed before a result may be relied upon. */
enum vmm_gpt_flush {
	VMM_GPT_FLUSH_NONE = 0, /* additions: a spurious fault is possible */
	VMM_GPT_FLUSH_OPTIONAL, /* accessed was cleared: it is approximate */
	VMM_GPT_FLUSH_REQUIRED, /* on every CPU that may use this table */
};

/*
 * What an operation did. Fits two registers.
 * level: of the entry concerned, 0 if none.
 * entry: VMM_GPT_CONFLICT, _STILL_MAPPED, _RETRY: the entry found.
 *	  vmm_gpt_map, vmm_gpt_map_at: the entry that maps the page now.
 *	  vmm_gpt_unmap: the entry taken out, with its final A and D; 0 if none.
 *	  vmm_gpt_unmap_region: the number of 4 KiB pages that were mapped.
 *	  vmm_gpt_populate_region: the number of table pages added.
 */
struct vmm_gpt_result {
	uint8_t error; /* enum vmm_gpt_error */
	uint8_t flush; /* enum vmm_gpt_flush */
	uint8_t level;
	bool did_it; /* this call changed the table */
	uint64_t entry;
};

/* A leaf, decoded. */
struct vmm_gpt_leaf {
	uint64_t pfn;
	uint8_t prot;
	uint8_t type;
	uint8_t level;
	bool accessed;
	bool dirty;
};

/*
 * One for each table page, kept by the owner and reached from the page's pfn
 * in constant time: where the page hangs, and what hangs from it.
 */
struct vmm_gpt_node {
	uint64_t pfn;
	uint64_t gpa; /* of the first entry */
	struct vmm_gpt_node *parent;
	struct vmm_gpt_node *next; /* in a list of pages outside of a tree */
	uint16_t level;
	uint16_t index;	  /* in the parent */
	uint16_t in_use;  /* level 1: populated slots; above: tables below */
	uint16_t spare;
};

/* The surroundings. */
struct vmm_gpt_hooks {
	void *ctx;
	/* Where the CPU sees pfn 0; pfn n is at page_base + n * 4096. */
	uintptr_t page_base;
	/* A node with .pfn set, its page all zeroes; NULL when there is none. */
	struct vmm_gpt_node *(*get_table)(void *ctx);
	/* Gives one back; the page's content is of no more interest. */
	void (*put_table)(void *ctx, struct vmm_gpt_node *node);
	/* The node of a table page. */
	struct vmm_gpt_node *(*node_of)(void *ctx, uint64_t pfn);
};

struct vmm_gpt_format; /* format.h: vmm_gpt_ept, vmm_gpt_npt */

struct vmm_gpt {
	const struct vmm_gpt_format *format;
	struct vmm_gpt_node *root;
	struct vmm_gpt_caps caps;
	struct vmm_gpt_hooks hooks;
	uint64_t tables; /* table pages in the tree, the root included */
};

/* Table pages taken out of a tree, linked by .next. Starts as { 0 }. */
struct vmm_gpt_taken {
	struct vmm_gpt_node *first;
	uint64_t count;
};

/* Called for each leaf that vmm_gpt_unmap_region takes out. */
typedef void vmm_gpt_leaf_fn(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf);

/* The name of an error in words; never NULL. */
const char *vmm_gpt_error_name(unsigned error);

/*
 * Makes an empty table with its root in *gpt. NO_MEMORY: there was no page for
 * the root. NOT_EXPRESSIBLE: maxphyaddr is not in 32..52.
 */
struct vmm_gpt_result vmm_gpt_alloc(struct vmm_gpt *gpt, const struct vmm_gpt_format *format,
				    const struct vmm_gpt_caps *caps,
				    const struct vmm_gpt_hooks *hooks);

/*
 * Gives back every table page still in it, the root included, whatever is
 * left. No CPU and no walker may use the table any more. Pages that are still
 * mapped are the caller's. Freeing a freed table does nothing.
 */
void vmm_gpt_free(struct vmm_gpt *gpt);

/*
 * Makes a slot exist for every page of [start, end); maps nothing. What is
 * populated stays as it is. All or nothing: NO_MEMORY leaves the table as it
 * was. MISALIGNED, OUT_OF_RANGE.
 */
struct vmm_gpt_result vmm_gpt_populate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end);

/*
 * The reverse. What is not populated is ignored; where something is mapped the
 * call is refused as a whole (STILL_MAPPED). Table pages that nobody needs any
 * more are pushed on *taken; .flush tells whether they need a flush before
 * they are given back by vmm_gpt_put_taken.
 */
struct vmm_gpt_result vmm_gpt_vacate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					    struct vmm_gpt_taken *taken);

/* Gives back all of *taken, and empties it. */
void vmm_gpt_put_taken(struct vmm_gpt *gpt, struct vmm_gpt_taken *taken);

/*
 * The way of gpa through the tables: entries[0] is the root's entry, one more
 * for each level down, NULL below a hole or below a leaf; depth is the size of
 * entries[]. Returns how many are not NULL; 0 if gpa is out of range.
 */
unsigned vmm_gpt_walk(const struct vmm_gpt *gpt, uint64_t gpa, vmm_gpt_pte_t *entries[],
		      unsigned depth);

/*
 * The slot or leaf of gpa, its level in *level (may be NULL); NULL if gpa has
 * none (not populated, out of range).
 */
vmm_gpt_pte_t *vmm_gpt_lookup(const struct vmm_gpt *gpt, uint64_t gpa, unsigned *level);

/*
 * Maps the page or run at gpa to pfn by a leaf of this level. gpa and pfn are
 * aligned to the leaf's size. Of racing calls with the same mapping one has
 * .did_it, the others get OK without it and the entry they lost to; another
 * mapping is a CONFLICT. OUT_OF_RANGE, MISALIGNED; NOT_EXPRESSIBLE; and
 * NOT_POPULATED, or RETRY if a vacate is under way. Levels above 1: not yet.
 */
struct vmm_gpt_result vmm_gpt_map(struct vmm_gpt *gpt, uint64_t gpa, uint64_t pfn, unsigned level,
				  unsigned prot, unsigned type);

/*
 * The same for a slot that vmm_gpt_lookup gave, with its level. RETRY: its
 * table was taken out since. NULL, as of a failed lookup, is NOT_POPULATED.
 */
struct vmm_gpt_result vmm_gpt_map_at(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, uint64_t pfn,
				     unsigned level, unsigned prot, unsigned type);

/*
 * Takes out the leaf of gpa, whatever its level. OK without .did_it: nothing
 * was mapped there. OUT_OF_RANGE, MISALIGNED.
 */
struct vmm_gpt_result vmm_gpt_unmap(struct vmm_gpt *gpt, uint64_t gpa);

/*
 * Takes out every leaf of [start, end); gone (may be NULL) is told of each,
 * with its final A and D. The pages are used again after the flush asked for.
 * OUT_OF_RANGE, MISALIGNED; CONFLICT at a large leaf that is only partly in
 * the range, .entry still the number of pages unmapped before it.
 */
struct vmm_gpt_result vmm_gpt_unmap_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					   vmm_gpt_leaf_fn *gone, void *arg);

/* Decodes the entry at ptep, of this level. False if it maps nothing. */
bool vmm_gpt_is_mapped(const struct vmm_gpt *gpt, const vmm_gpt_pte_t *ptep, unsigned level,
		       struct vmm_gpt_leaf *leaf);

/*
 * Sets (on) or clears accessed, or dirty, of a leaf; hardware may do the same
 * at this moment. ptep: an entry that vmm_gpt_lookup or _walk gave. .did_it:
 * the bit was the other way before; .entry: as it was. NOT_POPULATED if there
 * is no leaf at ptep: nothing is changed then.
 */
struct vmm_gpt_result vmm_gpt_reset_accessed(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on);
struct vmm_gpt_result vmm_gpt_reset_dirty(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on);

/* Whether hardware keeps dirty bits in this table. */
bool vmm_gpt_can_track_dirty(const struct vmm_gpt *gpt);

/*
 * The root as the CPU wants it: the EPTP for the VMCS, nCR3 for the VMCB.
 * track_ad switches EPT's A/D flag on, where the CPU has it; switching it on
 * for a table that was in use asks for an INVEPT.
 */
uint64_t vmm_gpt_get_pmtp(const struct vmm_gpt *gpt, bool track_ad);

/* The node of gpa at this level, for checks and dumps; NULL if there is none. */
const struct vmm_gpt_node *vmm_gpt_node_at(const struct vmm_gpt *gpt, uint64_t gpa, unsigned level);

#endif
