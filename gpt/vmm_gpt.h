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
 * "Populated" is a set of addresses: those that have an entry of their own to
 * be mapped by. Which they are stands in the entries themselves, so that to
 * map is a single compare-and-swap and needs to look nowhere else. An entry,
 * of any level, is
 *
 *	VMM_GPT_VACANT	not populated: not zero, and not present for hardware
 *	0		populated, maps nothing
 *	a leaf		populated, maps a page of its level's size
 *	a table		the entries below say it (levels above 1)
 *	frozen		0 or a leaf, with its bits kept but not present: somebody
 *			is about to take its table out. Nobody else changes it,
 *			and what is asked of it meanwhile is told to try again
 *
 * Units: a gpa is in bytes, a pfn in pages of 4 KiB; [start, end) is in bytes
 * and aligned to 4 KiB. Levels count from 1 (4 KiB leaves) upwards.
 *
 * Concurrency. Freely, beside each other, beside hardware's own walks and beside
 * all that follows, run: walk, lookup, is_mapped, next, map, map_at, unmap,
 * reset_accessed, reset_dirty, collect. What changes which tables there are runs
 * one at a time per table (the caller's lock): populate_region, vacate_region,
 * map_region, split, merge; and unmap_region and protect_region where they may
 * cut a large leaf. Where they cannot, those two run freely as well. An operation
 * on one address is one step to all others. One on a range is a step for each
 * entry, in the order of addresses, and what others do meanwhile it meets or not;
 * only what it is refused for is looked for in all of the range before.
 *
 * A table page that was taken out, and a page that was unmapped, are used again
 * only after every software walker that could hold a pointer into it is done
 * (vmm_gpt_grace_elapsed), and every CPU that could have cached a way through it
 * has flushed (.flush): this code hands out what it took, and its owner gives it
 * back when both are true.
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
#define VMM_GPT_GPA_END (UINT64_C(1) << (VMM_GPT_PAGE_SHIFT + VMM_GPT_LEVELS * VMM_GPT_INDEX_BITS))

/* On what returns a result: an error that nobody looks at is a bug. */
#define VMM_GPT_MUST_CHECK __attribute__((warn_unused_result))

/* An entry. It is shared with hardware: only the accessors of pte.h touch it. */
typedef uint64_t vmm_gpt_pte_t;

/* An entry that is not populated; not present in either format. */
#define VMM_GPT_VACANT (UINT64_C(1) << 11)
/* These two bits are set in one that is frozen, and in no other: format.h. */
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
	bool leaf_1g;	/* counts only beside leaf_2m */
	bool exec_only; /* execute without read (EPT, SDM 28.3.3) */
	bool track_ad;	/* hardware sets accessed and dirty */
	/*
	 * No executable leaves above 4 KiB: on CPUs whose instruction TLB stops the
	 * machine when it finds one page in two sizes (Intel's "iTLB multihit").
	 */
	bool small_exec;
};

enum vmm_gpt_error {
	VMM_GPT_OK = 0,
	VMM_GPT_MISALIGNED,	 /* an address or a run is not aligned */
	VMM_GPT_OUT_OF_RANGE,	 /* beyond 2^48, empty, or start above end */
	VMM_GPT_NOT_POPULATED,	 /* no entry for this gpa */
	VMM_GPT_WRONG_SIZE,	 /* populated at another level, in .level: split or merge first */
	VMM_GPT_CONFLICT,	 /* another leaf is there; .entry has it */
	VMM_GPT_STILL_MAPPED,	 /* a vacate would lose a mapping; .entry has the first */
	VMM_GPT_NOT_EXPRESSIBLE, /* rights, type, pfn or size that this format or CPU lacks */
	VMM_GPT_NO_MEMORY,	 /* a table page could not be had; nothing has changed */
	VMM_GPT_RETRY,		 /* met a table that is being taken out; do it again */
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
 * entry: with VMM_GPT_CONFLICT, _STILL_MAPPED, _RETRY, _WRONG_SIZE the entry
 *	  found; else what the operation says.
 */
struct vmm_gpt_result {
	uint8_t error; /* enum vmm_gpt_error */
	uint8_t flush; /* enum vmm_gpt_flush */
	uint8_t level;
	bool changed; /* this call changed the table */
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
	uint16_t index;	 /* in the parent */
	uint16_t in_use; /* entries that are not vacant */
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

/*
 * A software walker's section: whoever holds pointers into the tables is in one.
 * One for each walker (a CPU, a thread); vmm_gpt_register_reader makes it known.
 */
struct vmm_gpt_reader {
	uint64_t since; /* the generation in which it was entered; 0: not in it */
	struct vmm_gpt_reader *next;
};

struct vmm_gpt_format; /* format.h: vmm_gpt_ept, vmm_gpt_npt */

struct vmm_gpt {
	const struct vmm_gpt_format *format;
	struct vmm_gpt_node *root;
	struct vmm_gpt_caps caps;
	struct vmm_gpt_hooks hooks;
	uint64_t tables; /* table pages in the tree, the root included */
	uint64_t generation;
	struct vmm_gpt_reader *sections;
};

/* Table pages taken out of a tree, linked by .next. Starts as { 0 }. */
struct vmm_gpt_retired {
	struct vmm_gpt_node *first;
	uint64_t count;
};

/* Called with a leaf: one that was taken out, or whose A and D were asked for. */
typedef void vmm_gpt_leaf_fn(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf);

/* The name of an error in words; never NULL. */
const char *vmm_gpt_error_name(unsigned error);

/* ---- The table as a whole ---- */

/*
 * Makes an empty table with its root in *gpt. NO_MEMORY: there was no page for
 * the root. NOT_EXPRESSIBLE: maxphyaddr is not in 32..52.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_alloc(struct vmm_gpt *gpt, const struct vmm_gpt_format *format,
				    const struct vmm_gpt_caps *caps,
				    const struct vmm_gpt_hooks *hooks);

/*
 * Gives back every table page still in it, the root included, whatever is
 * left. No CPU and no walker may use the table any more. Pages that are still
 * mapped are the caller's. Freeing a freed table does nothing.
 */
void vmm_gpt_free(struct vmm_gpt *gpt);

/*
 * The root as the CPU wants it: the EPTP for the VMCS, nCR3 for the VMCB.
 * track_ad switches EPT's A/D flag on, where the CPU has it; switching it on
 * for a table that was in use asks for an INVEPT.
 */
uint64_t vmm_gpt_get_pmtp(const struct vmm_gpt *gpt, bool track_ad);

/* Whether hardware keeps dirty bits in this table. */
bool vmm_gpt_can_track_dirty(const struct vmm_gpt *gpt);

/* ---- Which addresses are populated, by entries of which size ---- */

/*
 * Makes an entry exist for every page of [start, end); maps nothing. What is
 * populated stays as it is. An entry stands for all of what it covers where the
 * range takes all of that, the CPU has leaves of its level, and its level is at
 * most max_level; max_level 1 makes tables all the way down. All or nothing:
 * NO_MEMORY leaves the table as it was. MISALIGNED, OUT_OF_RANGE; max_level 0 is
 * NOT_EXPRESSIBLE. .entry: the number of table pages added.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_populate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					      unsigned max_level);

/*
 * The reverse. What is not populated is ignored; where something is mapped the
 * call is refused as a whole (STILL_MAPPED). Table pages that nobody needs any
 * more are pushed on *retired. A larger entry that is only partly in the range is
 * split first: NO_MEMORY, and nothing has changed.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_vacate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					    struct vmm_gpt_retired *retired);

/*
 * Splits what populates gpa, a leaf or an empty entry, until it is of this level
 * or below. The new entries say what the old one said, A and D included. OK
 * without .changed: it is that small. .entry: table pages added; .level: of the
 * entry that populates gpa now. All or nothing: NO_MEMORY. NOT_POPULATED, OUT_OF_RANGE; NOT_EXPRESSIBLE: no such level.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_split(struct vmm_gpt *gpt, uint64_t gpa, unsigned level);

/*
 * Makes one entry of this level, above 1, of the table below it: a leaf, if the
 * table is full of leaves of one run, rights and type, accessed and dirty if one
 * of them was; an empty entry, if it is full of those. The table is pushed on
 * *retired. OK without .changed: there is no table. Refused, with nothing changed:
 * NOT_POPULATED, at least in part; CONFLICT, with the first that does not fit in
 * with the others; WRONG_SIZE, with .level of a table further down;
 * NOT_EXPRESSIBLE, this CPU has no such leaf. OUT_OF_RANGE. Of several reasons it
 * is one. Guests may fault on the run while this goes on, and until they have
 * flushed: on such a fault, retry.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_merge(struct vmm_gpt *gpt, uint64_t gpa, unsigned level,
				    struct vmm_gpt_retired *retired);

/* Gives back all of *retired, and empties it. */
void vmm_gpt_free_retired(struct vmm_gpt *gpt, struct vmm_gpt_retired *retired);

/* ---- Finding ---- */

/*
 * The way of gpa through the tables: entries[0] is the root's entry, one more
 * for each level down, NULL below a hole or below a leaf; depth is the size of
 * entries[]. Returns how many are not NULL; 0 if gpa is out of range.
 */
unsigned vmm_gpt_walk(const struct vmm_gpt *gpt, uint64_t gpa, vmm_gpt_pte_t *entries[],
		      unsigned depth);

/*
 * The entry that populates gpa, its level in *level (may be NULL); NULL if gpa
 * is not populated, or out of range.
 */
vmm_gpt_pte_t *vmm_gpt_lookup(const struct vmm_gpt *gpt, uint64_t gpa, unsigned *level);

/*
 * Decodes the entry at ptep, of this level. False if it maps nothing itself: also
 * if it was split since lookup gave it, and is a table now.
 */
bool vmm_gpt_is_mapped(const struct vmm_gpt *gpt, const vmm_gpt_pte_t *ptep, unsigned level,
		       struct vmm_gpt_leaf *leaf);

enum vmm_gpt_extent_kind {
	VMM_GPT_HOLE,	/* not populated */
	VMM_GPT_EMPTY,	/* populated, maps nothing */
	VMM_GPT_MAPPED, /* one leaf, of any size */
};

struct vmm_gpt_extent {
	uint64_t start, end;	  /* bytes; no more of it than was asked for */
	uint8_t kind;		  /* enum vmm_gpt_extent_kind */
	struct vmm_gpt_leaf leaf; /* MAPPED: all of it, also what start and end cut off */
	uint64_t gpa;		  /* MAPPED: where it begins */
};

/*
 * What is at gpa: a hole or an empty part as far as it goes, or one leaf; at
 * most up to end. False if there is nothing to look at: gpa >= end, or out of
 * range. for (gpa = start; vmm_gpt_next(gpt, gpa, end, &e); gpa = e.end) sees
 * every byte of the range once.
 */
bool vmm_gpt_next(const struct vmm_gpt *gpt, uint64_t gpa, uint64_t end,
		  struct vmm_gpt_extent *extent);

/* The node of gpa at this level, for checks and dumps; NULL if there is none. */
const struct vmm_gpt_node *vmm_gpt_node_at(const struct vmm_gpt *gpt, uint64_t gpa, unsigned level);

/* ---- Mapping ---- */

/*
 * Maps what gpa's entry of this level covers to pfn. gpa and pfn are aligned to
 * that size. Of racing calls with the same mapping one has .changed, the others
 * get OK without it and the entry they lost to; another mapping is a CONFLICT.
 * .entry: the entry that maps gpa now, of .level. OUT_OF_RANGE, MISALIGNED,
 * NOT_EXPRESSIBLE, NOT_POPULATED; WRONG_SIZE, also where there is a table instead
 * of a large entry, populated at gpa or not; RETRY.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_map(struct vmm_gpt *gpt, uint64_t gpa, uint64_t pfn, unsigned level,
				  unsigned prot, unsigned type);

/*
 * The same for an entry that vmm_gpt_lookup gave, with its level. RETRY: its
 * table is being taken out. NULL, as of a failed lookup, is NOT_POPULATED.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_map_at(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, uint64_t pfn,
				     unsigned level, unsigned prot, unsigned type);

/*
 * Maps [start, end) to the run of pages from pfn on, by the largest leaves that
 * alignment, the CPU and max_level allow. What is mapped so already stays as it
 * is, in whatever size. An empty table gives way to a large leaf, and is pushed
 * on *retired; with retired NULL it does not, and gets smaller leaves. Checked
 * first, and refused as a whole: NOT_POPULATED, CONFLICT, NOT_EXPRESSIBLE,
 * OUT_OF_RANGE, MISALIGNED, NO_MEMORY (for splitting larger entries). A CONFLICT
 * that comes about while it is at work (.changed) leaves what it has mapped.
 * .entry: the number of leaves made.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_map_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					 uint64_t pfn, unsigned prot, unsigned type,
					 unsigned max_level, struct vmm_gpt_retired *retired);

/*
 * Takes out the leaf of gpa, whatever its level. .entry: it, with its final A and
 * D. OK without .changed: nothing was mapped there. OUT_OF_RANGE, MISALIGNED;
 * RETRY.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_unmap(struct vmm_gpt *gpt, uint64_t gpa);

/*
 * Takes out every leaf of [start, end); gone (may be NULL) is told of each, with
 * its final A and D. A large leaf that is only partly in the range is split
 * first. OUT_OF_RANGE, MISALIGNED; NO_MEMORY, nothing has changed; RETRY, beside
 * a merge, some may be gone. .entry, always: the number of 4 KiB pages unmapped.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_unmap_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					   vmm_gpt_leaf_fn *gone, void *arg);

/*
 * Gives every leaf of [start, end) these rights. Large leaves are split where
 * they are only partly in the range. Errors as for vmm_gpt_unmap_region, and
 * NOT_EXPRESSIBLE, also for a large leaf that would become executable where that
 * is not allowed: refused as a whole, but for one that comes about while it is at
 * work. .entry, always: the number of 4 KiB pages changed. .flush: only if a right
 * was taken from one, or a leaf was split.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_protect_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					     unsigned prot);

/* ---- Accessed and dirty ---- */

/*
 * Sets (on) or clears accessed, or dirty, of a leaf; hardware may do the same
 * at this moment. ptep: an entry that vmm_gpt_lookup or _walk gave. .changed:
 * the bit was the other way before; .entry: as it was. NOT_POPULATED if there
 * is no leaf at ptep, WRONG_SIZE if there is a table: nothing is changed then.
 * RETRY.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_reset_accessed(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on);
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_reset_dirty(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on);

enum {
	VMM_GPT_ACCESSED = 1,
	VMM_GPT_DIRTY = 2,
};

/*
 * Tells of every leaf that has a byte in [start, end) and any of these bits
 * (VMM_GPT_ACCESSED | VMM_GPT_DIRTY), as it was; and clears these bits in it if
 * clear is set, in all of it. .entry, always: the number of leaves told of.
 * OUT_OF_RANGE, MISALIGNED; RETRY, beside a merge, for the rest of the range.
 */
VMM_GPT_MUST_CHECK struct vmm_gpt_result vmm_gpt_collect(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
				      unsigned bits, bool clear, vmm_gpt_leaf_fn *found, void *arg);

/* ---- When what was taken out may be used again ---- */

/* Makes a walker's section known. With the lock. */
void vmm_gpt_register_reader(struct vmm_gpt *gpt, struct vmm_gpt_reader *section);

/* Around every use of a pointer into the tables. Not nested; never waits. */
void vmm_gpt_read_lock(struct vmm_gpt *gpt, struct vmm_gpt_reader *section);
void vmm_gpt_read_unlock(struct vmm_gpt_reader *section);

/*
 * A cookie for all that was taken out or unmapped before this call. Once
 * vmm_gpt_grace_elapsed says so, no walker holds a pointer into it any more.
 */
uint64_t vmm_gpt_grace_start(struct vmm_gpt *gpt);
bool vmm_gpt_grace_elapsed(const struct vmm_gpt *gpt, uint64_t cookie);

/* ---- Checking ---- */

/* what: a broken invariant, in words; of the entry or table of this level at gpa. */
typedef void vmm_gpt_complain_fn(void *arg, uint64_t gpa, unsigned level, uint64_t entry,
				 const char *what);

/*
 * Walks all of the table: entries that this format and CPU have, nodes and counts
 * that agree with them, nothing frozen, no table without use. For a table at
 * rest. Returns the number of complaints; complain (may be NULL) hears each.
 */
unsigned vmm_gpt_check(const struct vmm_gpt *gpt, vmm_gpt_complain_fn *complain, void *arg);

#endif
