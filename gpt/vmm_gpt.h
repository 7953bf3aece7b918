/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generic page table: one radix tree for a guest's physical address space.
 *
 * Hardware walks the pages that this code edits: EPT on Intel, nested paging
 * (nPT, the long-mode format) on AMD. The differences between the two are
 * constant data, a struct vmm_gpt_format, chosen when a table is created. Tables
 * of both formats can be in use at the same time.
 *
 *	level 4        PML4            one entry: 512 GiB
 *	level 3        PDPT            one entry: 1 GiB     (leaf possible)
 *	level 2        PD              one entry: 2 MiB     (leaf possible)
 *	level 1        PT              one entry: 4 KiB     (always a leaf)
 *
 * An address is populated if there is an entry, empty or a leaf, that covers it. The
 * entries themselves record this, so that mapping is a single compare-and-swap
 * that needs no other data structure. An entry of any level is one of
 *
 *	VMM_GPT_VACANT	not populated: not zero, and not present to hardware
 *	0		empty: populated, maps nothing
 *	a leaf		populated, maps a page of its level's size
 *	a table		refers to the entries below (levels above 1)
 *	frozen		temporary: an empty entry that is being vacated, or an empty
 *			entry or leaf that is being merged. The present bits are moved
 *			aside, so hardware faults; the other bits stay. Other operations
 *			do not change it; they return RETRY
 *
 * Units: a gpa is in bytes, a pfn in pages of 4 KiB. [start, end) is in bytes
 * and aligned to 4 KiB. Levels count from 1 (4 KiB leaves) upwards.
 *
 * Concurrency. Lock-free, callable at any time, also during hardware walks: walk,
 * lookup, is_mapped, next, map, map_at, unmap, reset_accessed, reset_dirty,
 * collect. Serialized by the caller's lock, one lock per table: populate_region,
 * vacate_region, map_region, split, merge, and those calls of unmap_region and
 * protect_region that may have to split a large leaf; other calls of these two are
 * lock-free. An operation on one address is atomic. An operation on a range is
 * atomic per entry and proceeds in address order; concurrent changes may or may not
 * be observed. Preconditions are checked over the whole range first.
 *
 * A retired table page, and a page that was unmapped, may be reused only after
 * every software walker that could hold a pointer to it is done
 * (vmm_gpt_grace_elapsed) and every CPU that could have cached a translation
 * through it has flushed (.flush). This code reports what it took out; the owner
 * frees it when both conditions hold.
 *
 * Sources: Intel SDM vol. 3C, 29.3 "The Extended Page Table Mechanism";
 * AMD APM vol. 2, 5.3 "Long-Mode Page Translation" and 15.25 "Nested Paging".
 */
#ifndef GPT_VMM_GPT_H
#define GPT_VMM_GPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Geometry. Compile-time parameters, so that tests can cover small trees completely. */
#ifndef VMM_GPT_LEVELS
#define VMM_GPT_LEVELS 4
#endif
#ifndef VMM_GPT_INDEX_BITS
#define VMM_GPT_INDEX_BITS 9
#endif
#define VMM_GPT_PAGE_SHIFT 12
#define VMM_GPT_PAGE_SIZE  (UINT64_C(1) << VMM_GPT_PAGE_SHIFT)
#define VMM_GPT_ENTRIES	   (1u << VMM_GPT_INDEX_BITS)
/* The first gpa beyond the table: 2^48. Tables of 5 levels are not supported. */
#define VMM_GPT_GPA_END (UINT64_C(1) << (VMM_GPT_PAGE_SHIFT + VMM_GPT_LEVELS * VMM_GPT_INDEX_BITS))

/* For functions that return a result: ignoring an error is a bug. */
#define VMM_GPT_MUST_CHECK __attribute__((warn_unused_result))

/* An entry. It is shared with hardware: use only the accessors of pte.h. */
typedef uint64_t vmm_gpt_pte_t;

/* A vacant entry: not populated, and not present in either format. */
#define VMM_GPT_VACANT (UINT64_C(1) << 11)
/* Both bits are set in frozen entries and in no others; see format.h. */
#define VMM_GPT_FROZEN (VMM_GPT_VACANT | UINT64_C(1) << 52)

/* Rights. No format can express W without R, or no rights at all. */
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
 * from the host's PAT (APM vol. 2, 15.25.8), so the host must load this value.
 * Entry:  0 WB, 1 WT, 2 WC, 3 UC, 4 WP, the rest UC.
 */
#define VMM_GPT_PAT UINT64_C(0x0000000500010406)

/* What the CPU supports and the caller allows. Fixed when the table is created. */
struct vmm_gpt_caps {
	uint8_t maxphyaddr; /* width of a physical address in bits, 32 to 52 */
	bool leaf_2m;
	bool leaf_1g;	/* ignored without leaf_2m */
	bool exec_only; /* execute without read (EPT, SDM 29.3.3.1) */
	bool track_ad;	/* hardware sets accessed and dirty bits */
	/*
	 * No executable leaves above 4 KiB, for CPUs that raise a machine check when
	 * the instruction TLB holds one page in two sizes (Intel's "iTLB multihit").
	 */
	bool small_exec;
};

enum vmm_gpt_error {
	VMM_GPT_OK = 0,
	VMM_GPT_MISALIGNED,	 /* an address or a pfn is not aligned */
	VMM_GPT_OUT_OF_RANGE,	 /* beyond 2^48, empty, or start above end */
	VMM_GPT_NOT_POPULATED,	 /* no entry for this gpa */
	VMM_GPT_WRONG_SIZE,	 /* populated at another level, in .level: split or merge first */
	VMM_GPT_CONFLICT,	 /* another leaf is there, in .entry */
	VMM_GPT_STILL_MAPPED,	 /* vacating would lose a mapping; .entry is the first */
	VMM_GPT_NOT_EXPRESSIBLE, /* format or CPU has no such rights, type, pfn or size */
	VMM_GPT_NO_MEMORY,	 /* no page for a table; nothing has changed */
	VMM_GPT_RETRY,		 /* met a frozen entry; call again */
};

/* The flush that the caller owes: until it is done, CPUs may use what was there before. */
enum vmm_gpt_flush {
	VMM_GPT_FLUSH_NONE = 0, /* only additions: a spurious fault is possible */
	VMM_GPT_FLUSH_OPTIONAL, /* accessed was cleared: the bit is approximate anyway */
	VMM_GPT_FLUSH_REQUIRED, /* on every CPU that may use this table */
};

/*
 * What an operation did. Fits two registers.
 * level: level of the entry concerned, 0 if none.
 * entry: the entry found, for VMM_GPT_CONFLICT, _STILL_MAPPED, _RETRY and
 *	  _WRONG_SIZE; otherwise see the operation.
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
 * One per table page: its place in the tree and its count of used entries. The
 * owner keeps the nodes and finds the node of a pfn in constant time.
 */
struct vmm_gpt_node {
	uint64_t pfn;
	uint64_t gpa; /* of the first entry */
	struct vmm_gpt_node *parent;
	struct vmm_gpt_node *next; /* in a list of pages that are in no tree */
	uint16_t level;
	uint16_t index;	 /* in the parent */
	uint16_t in_use; /* entries that are not vacant */
	uint16_t spare;
};

/* Services that the owner of the table provides. */
struct vmm_gpt_hooks {
	void *ctx;
	/* Virtual address of pfn 0; pfn n is at page_base + n * 4096. */
	uintptr_t page_base;
	/* Returns a node with .pfn set and the page zeroed, or NULL if there is none. */
	struct vmm_gpt_node *(*get_table)(void *ctx);
	/* Frees a table page. Its content is undefined. */
	void (*put_table)(void *ctx, struct vmm_gpt_node *node);
	/* The node of a table page. */
	struct vmm_gpt_node *(*node_of)(void *ctx, uint64_t pfn);
};

/*
 * A software walker, such as a CPU or a thread. It may hold pointers into the
 * tables only inside a read section. Register with vmm_gpt_register_reader.
 */
struct vmm_gpt_reader {
	uint64_t since; /* generation at the start of the section; 0: outside */
	struct vmm_gpt_reader *next;
};

struct vmm_gpt_format; /* format.h: vmm_gpt_ept, vmm_gpt_npt */

struct vmm_gpt {
	const struct vmm_gpt_format *format;
	struct vmm_gpt_node *root;
	struct vmm_gpt_caps caps;
	struct vmm_gpt_hooks hooks;
	uint64_t tables; /* table pages in the tree, including the root */
	uint64_t generation;
	struct vmm_gpt_reader *readers;
};

/* Table pages taken out of a tree, linked by .next. Initialize to { 0 }. */
struct vmm_gpt_retired {
	struct vmm_gpt_node *first;
	uint64_t count;
};

/* Called for a leaf that was taken out, or whose A and D bits were asked for. */
typedef void vmm_gpt_leaf_fn(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf);

/* The error in words; never NULL. */
const char *vmm_gpt_error_name(unsigned error);

/* ---- The table as a whole ---- */

/*
 * Initializes *gpt as an empty table and allocates its root. NO_MEMORY: no page
 * for the root. NOT_EXPRESSIBLE: maxphyaddr is not in 32..52.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_alloc(struct vmm_gpt *gpt, const struct vmm_gpt_format *format,
				    const struct vmm_gpt_caps *caps,
				    const struct vmm_gpt_hooks *hooks);

/*
 * Frees all table pages of the tree, including the root, whatever they contain.
 * No CPU and no walker may use the table any more. Pages that are still mapped
 * belong to the caller. Freeing a table twice is harmless.
 */
void vmm_gpt_free(struct vmm_gpt *gpt);

/*
 * The root in the form that the CPU takes: the EPTP for the VMCS, nCR3 for the
 * VMCB. track_ad sets the EPTP's A/D flag if caps.track_ad allows it. Setting it
 * for a table that was already in use requires an INVEPT.
 */
uint64_t vmm_gpt_get_pmtp(const struct vmm_gpt *gpt, bool track_ad);

/* Whether hardware maintains dirty bits in this table (caps.track_ad). */
bool vmm_gpt_can_track_dirty(const struct vmm_gpt *gpt);

/* ---- Populating: which addresses have entries, and of which size ---- */

/*
 * Creates an empty entry for every page of [start, end); maps nothing. Existing
 * entries stay as they are. A new entry above level 1 is used where the range
 * covers all of it, caps allow leaves of its level, and the level is at most
 * max_level; max_level 1 creates tables down to 4 KiB. All or nothing: after
 * NO_MEMORY the table is as before. MISALIGNED, OUT_OF_RANGE; max_level 0 is
 * NOT_EXPRESSIBLE. .entry: number of table pages added.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_populate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					      unsigned max_level);

/*
 * Reverses vmm_gpt_populate_region. Addresses that are not populated are skipped.
 * STILL_MAPPED: something in the range is mapped, and nothing was vacated. A larger
 * entry that is only partly in the range is split first; NO_MEMORY: nothing has
 * changed. MISALIGNED, OUT_OF_RANGE. If another CPU maps a page during the call, the
 * result is STILL_MAPPED, with .changed if entries at the edges were split; they stay
 * split. Table pages that become unused are pushed on *retired.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_vacate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					    struct vmm_gpt_retired *retired);

/*
 * Splits the leaf or empty entry that populates gpa until its level is at most
 * level. The new entries have the old rights, type, A and D. OK without .changed:
 * it was small enough. .entry: table pages added. .level: level of the entry that
 * populates gpa now. All or nothing: NO_MEMORY. NOT_POPULATED, OUT_OF_RANGE;
 * NOT_EXPRESSIBLE: no such level.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_split(struct vmm_gpt *gpt, uint64_t gpa, unsigned level);

/*
 * Replaces the table below gpa's entry of this level (above 1) by one entry. A
 * table of leaves with contiguous pfns and equal rights and type becomes a leaf,
 * accessed or dirty if any of them was. A table of empty entries becomes an empty
 * entry. The table page is pushed on *retired. OK without .changed: there is no
 * table. On these errors nothing has changed: NOT_POPULATED, some entry is vacant;
 * CONFLICT, .entry is the first that differs; WRONG_SIZE, there is a table further
 * down, of .level; NOT_EXPRESSIBLE, caps allow no such leaf or the first pfn is not
 * aligned to it; OUT_OF_RANGE. If several apply, one is reported. A CPU that has
 * not flushed may still walk the retired table, whose entries are not present: its guest
 * faults, and the fault handler must simply let it retry.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_merge(struct vmm_gpt *gpt, uint64_t gpa, unsigned level,
				    struct vmm_gpt_retired *retired);

/* Frees all pages of *retired and empties the list. */
void vmm_gpt_free_retired(struct vmm_gpt *gpt, struct vmm_gpt_retired *retired);

/* ---- Lookup ---- */

/*
 * Walks to gpa. entries[0] is the root's entry, followed by one for each level
 * down, NULL below a hole or a leaf. depth is the size of entries[]. Returns the
 * number of entries that are not NULL; 0 if gpa is out of range.
 */
unsigned vmm_gpt_walk(const struct vmm_gpt *gpt, uint64_t gpa, vmm_gpt_pte_t *entries[],
		      unsigned depth);

/*
 * The entry that populates gpa, and its level in *level (may be NULL). NULL if gpa
 * is not populated or out of range.
 */
vmm_gpt_pte_t *vmm_gpt_lookup(const struct vmm_gpt *gpt, uint64_t gpa, unsigned *level);

/*
 * Decodes the entry at ptep, of this level, into *leaf (may be NULL). False if it
 * is not a leaf, for example because it was split after the lookup and refers to a
 * table now. ptep may be NULL. A frozen leaf counts as mapped.
 */
bool vmm_gpt_is_mapped(const struct vmm_gpt *gpt, const vmm_gpt_pte_t *ptep, unsigned level,
		       struct vmm_gpt_leaf *leaf);

enum vmm_gpt_extent_kind {
	VMM_GPT_HOLE,	/* not populated */
	VMM_GPT_EMPTY,	/* populated, maps nothing */
	VMM_GPT_MAPPED, /* one leaf, of any size */
};

struct vmm_gpt_extent {
	uint64_t start, end;	  /* bytes, clipped to the range asked for */
	uint8_t kind;		  /* enum vmm_gpt_extent_kind */
	struct vmm_gpt_leaf leaf; /* MAPPED: the whole leaf, not clipped */
	uint64_t gpa;		  /* MAPPED: start of the whole leaf */
};

/*
 * Describes what starts at gpa: one leaf, or a hole or an empty part as far as it
 * extends, at most up to end. False if gpa >= end or end is out of range. The loop
 * for (gpa = start; vmm_gpt_next(gpt, gpa, end, &e); gpa = e.end) visits every byte
 * of the range once.
 */
bool vmm_gpt_next(const struct vmm_gpt *gpt, uint64_t gpa, uint64_t end,
		  struct vmm_gpt_extent *extent);

/* The node of gpa's table at this level, for checks and dumps; NULL if there is none. */
const struct vmm_gpt_node *vmm_gpt_node_at(const struct vmm_gpt *gpt, uint64_t gpa, unsigned level);

/* ---- Mapping ---- */

/*
 * Maps gpa to pfn with one leaf of this level. gpa and pfn are aligned to its
 * size. If calls race with the same mapping, one returns .changed and the others
 * OK without it; another mapping is a CONFLICT. .entry: the entry that maps gpa now,
 * and .level its level. OUT_OF_RANGE, MISALIGNED, NOT_EXPRESSIBLE, NOT_POPULATED,
 * RETRY. WRONG_SIZE: populated at another level; or level is above 1 and there is a table
 * in place of the entry, even if gpa itself is not populated.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_map(struct vmm_gpt *gpt, uint64_t gpa, uint64_t pfn, unsigned level,
				  unsigned prot, unsigned type);

/*
 * Like vmm_gpt_map, for an entry that vmm_gpt_lookup returned with its level.
 * RETRY: the entry is frozen. ptep NULL, from a failed lookup: NOT_POPULATED.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_map_at(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, uint64_t pfn,
				     unsigned level, unsigned prot, unsigned type);

/*
 * Maps [start, end) to contiguous pages from pfn on, with the largest leaves that
 * alignment, caps and max_level allow. Pages that are already mapped this way stay,
 * in whatever size. A table of empty entries is replaced by a large leaf and pushed
 * on *retired; with retired NULL it is kept and gets smaller leaves. Preconditions
 * are checked over the whole range first: NOT_POPULATED, CONFLICT, NOT_EXPRESSIBLE,
 * OUT_OF_RANGE, MISALIGNED, NO_MEMORY (for splitting larger entries). If a
 * concurrent map or unmap causes an error after that, the leaves that were created so far
 * stay (.changed).
 * .entry: number of leaves created.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_map_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					 uint64_t pfn, unsigned prot, unsigned type,
					 unsigned max_level, struct vmm_gpt_retired *retired);

/*
 * Takes out the leaf that maps gpa, of any level. .entry: the leaf's entry with its
 * final A and D. OK without .changed: nothing was mapped. OUT_OF_RANGE, MISALIGNED,
 * RETRY.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_unmap(struct vmm_gpt *gpt, uint64_t gpa);

/*
 * Takes out every leaf of [start, end) and calls gone (may be NULL) for each, with
 * its final A and D. A large leaf that is only partly in the range is split first.
 * OUT_OF_RANGE, MISALIGNED. NO_MEMORY: nothing has changed, unless a large leaf was
 * mapped across an edge meanwhile (.changed). RETRY, if a merge is in progress: some
 * leaves may be gone. .entry, always: number of 4 KiB pages unmapped.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_unmap_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					   vmm_gpt_leaf_fn *gone, void *arg);

/*
 * Gives every leaf of [start, end) these rights. Large leaves that are only partly
 * in the range are split. Errors as for vmm_gpt_unmap_region, and NOT_EXPRESSIBLE,
 * also for a large leaf that caps do not allow to be executable. The whole
 * range is checked first; only a leaf that another CPU maps during the call can cause it
 * after some entries have changed.
 * .entry, always: number of 4 KiB pages changed. .flush: only if a right was removed
 * from a leaf, or a leaf was split.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_protect_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					     unsigned prot);

/* ---- Accessed and dirty ---- */

/*
 * Sets (on) or clears the accessed or dirty bit of a leaf, atomically with respect
 * to hardware. ptep: an entry that vmm_gpt_lookup or _walk returned. .changed: the
 * bit had the other value. .entry: the entry before. NOT_POPULATED: no leaf at ptep;
 * WRONG_SIZE: a table is there; RETRY. On an error nothing has changed.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_reset_accessed(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on);
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_reset_dirty(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on);

enum {
	VMM_GPT_ACCESSED = 1,
	VMM_GPT_DIRTY = 2,
};

/*
 * Calls found (may be NULL) for every leaf that overlaps [start, end) and has any of
 * these bits (VMM_GPT_ACCESSED | VMM_GPT_DIRTY), with the leaf as it was. If clear is
 * set, clears these bits, also in a leaf that is only partly in the range. .entry,
 * always: number of such leaves. OUT_OF_RANGE, MISALIGNED; RETRY, if a merge is in
 * progress: the rest of the range was not visited.
 */
VMM_GPT_MUST_CHECK
struct vmm_gpt_result vmm_gpt_collect(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
				      unsigned bits, bool clear, vmm_gpt_leaf_fn *found, void *arg);

/* ---- Grace periods: when retired and unmapped pages may be reused ---- */

/* Registers a reader. Serialized by the caller's lock. */
void vmm_gpt_register_reader(struct vmm_gpt *gpt, struct vmm_gpt_reader *reader);

/* Enclose every use of a pointer into the tables. Not nestable; never block. */
void vmm_gpt_read_lock(struct vmm_gpt *gpt, struct vmm_gpt_reader *reader);
void vmm_gpt_read_unlock(struct vmm_gpt_reader *reader);

/*
 * Returns a cookie for everything that was taken out or unmapped before the call.
 * Once vmm_gpt_grace_elapsed(cookie) is true, no walker holds a pointer to it.
 */
uint64_t vmm_gpt_grace_start(struct vmm_gpt *gpt);
bool vmm_gpt_grace_elapsed(const struct vmm_gpt *gpt, uint64_t cookie);

/* ---- Checking ---- */

/* what: the broken invariant in words; it concerns the entry or table of this level at gpa. */
typedef void vmm_gpt_complain_fn(void *arg, uint64_t gpa, unsigned level, uint64_t entry,
				 const char *what);

/*
 * Checks the whole table: each entry is valid for this format and CPU, nodes and
 * counts match, nothing is frozen, no table is unused. The table must not change
 * meanwhile. Returns the number of complaints and calls complain (may be NULL) for each.
 */
unsigned vmm_gpt_check(const struct vmm_gpt *gpt, vmm_gpt_complain_fn *complain, void *arg);

#endif
