/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's physical address space: a set of regions, and the second-level table that
 * faults build, leaf by leaf. Nothing is mapped in advance.
 *
 * Each leaf is backed by an allocator block of exactly its size. The block's record has
 * in .owner the gpa at which it is mapped, so that everything mapped can be checked
 * against everything allocated (audit.h).
 *
 * Several CPUs share it. A fault that finds an entry maps without a lock, by one
 * compare-and-swap. Creating, splitting, merging and removing entries needs the lock. A
 * change that all CPUs must see waits, under the lock, until no CPU can use the old
 * translation (tlb_shootdown). CPUs leave the guest without taking locks, so the wait
 * ends.
 */
#ifndef KERNEL_VM_ASPACE_H
#define KERNEL_VM_ASPACE_H

#include "gpt/vmm_gpt.h"
#include "kernel/host/cpu.h"
#include "kernel/host/slab.h"
#include "kernel/lib/must_check.h"
#include "kernel/lib/spinlock.h"
#include "kernel/vm/region.h"
#include "kernel/vm/vcpu.h"

/* Changes to a range: aspace_change. */
enum aspace_op {
	ASPACE_SPLIT,	  /* maps one address with a 4 KiB leaf, splitting a larger one */
	ASPACE_MERGE,	  /* maps one address with the largest possible leaf */
	ASPACE_READ_ONLY, /* removes write permission; a write fault restores it, for that leaf */
	ASPACE_UNMAP,	  /* the next access finds the initial content */
	ASPACE_MOVE,	  /* to other memory, with the same content */
	ASPACE_CLEAN,	  /* clears all accessed and dirty bits */
	ASPACE_NO_EXEC,	  /* removes execute permission; a fetch restores it, for that leaf */
	ASPACE_VACATE,	  /* like UNMAP, and removes the entries and unused tables too */
	ASPACE_OPS,
};

struct aspace_counts {
	uint64_t read, write, exec, walk; /* faults by kind; each is counted once */
	uint64_t spurious;		  /* faults on pages that were mapped already */
	uint64_t granted;		  /* faults that restored a right (aspace_change) */
	uint64_t smaller;		  /* leaves, for lack of a larger block */
	uint64_t pages, tables;		/* 4 KiB pages mapped; table pages added below the root */
	uint64_t splits, merges, moves; /* of leaves */
	uint64_t taken; /* tables removed by vacating */
	uint64_t changes[ASPACE_OPS]; /* successful aspace_change calls by kind */
};

/* What was removed, until no CPU and no walker can reach it any more. */
struct aspace_retired {
	uint64_t first; /* pfn of a guest block; linked by the frames' .owner */
	struct vmm_gpt_retired tables;
	uint64_t cookie; /* vmm_gpt_grace_start */
};

/* Consecutive faults of one instruction on a gpa that is mapped with all rights. */
struct aspace_refused {
	uint64_t gpa, rip;
	unsigned times;
};

/* Limit on the CPUs that run a guest's vCPUs. */
enum { ASPACE_CPUS_MAX = 16 };

struct aspace {
	struct vmm_gpt gpt;
	struct tlb_context ctx;
	const struct region *regions;
	unsigned nregions;
	unsigned max_level; /* of leaves */
	unsigned cpus; /* CPUs that share it: 0 to cpus - 1 */
	struct spinlock lock;
	bool moving; /* faults take the lock: unmapped pages will be mapped again */
	struct slab nodes;
	struct vmm_gpt_reader readers[ASPACE_CPUS_MAX]; /* per CPU */
	struct aspace_refused refused[ASPACE_CPUS_MAX]; /* per CPU */
	struct aspace_retired retired;
	uint64_t mapped; /* 4 KiB pages mapped now */
	struct aspace_counts counts;
};

/* Counters are shared by the guest's CPUs. */
static inline void aspace_count(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

enum aspace_outcome {
	ASPACE_MAPPED,	  /* continue the guest */
	ASPACE_SPURIOUS,  /* same; another CPU had mapped it */
	ASPACE_HOLE,	  /* no memory at gpa */
	ASPACE_DENIED,	  /* the region does not allow the access */
	ASPACE_NO_MEMORY, /* a fault has mapped nothing */
	ASPACE_REFUSED,	  /* hardware rejects a mapping that should suffice: our bug */
};

/* What a fault asks for, determined before anything is changed. */
struct aspace_plan {
	const struct region *region; /* NULL: none */
	enum aspace_outcome outcome; /* as far as known: MAPPED, HOLE or DENIED */
	unsigned level;		     /* of the leaf, if a block is available */
	uint64_t image_page;	     /* the leaf's first page in the image, else UINT64_MAX */
};

/* The level of the largest leaves in use, if leaves up to level leaf are wanted. */
unsigned aspace_max_level(const struct vmm_gpt_caps *caps, unsigned leaf);

/*
 * The caller keeps regions. leaf: the level of the largest leaves wanted; smaller ones are
 * used if caps do not allow it. ncpus: the number of CPUs that will share it, 1 to
 * ASPACE_CPUS_MAX. False: no memory for the root.
 */
MUST_CHECK bool aspace_init(struct aspace *as, const struct vmm_gpt_format *format,
		 const struct vmm_gpt_caps *caps, unsigned leaf, unsigned ncpus,
		 const struct region *regions, unsigned nregions);

/*
 * Unmaps, vacates, flushes and frees everything. No CPU may run the guest any more; cpu is
 * the calling CPU. Returns the number of table pages that vacating left over: 0, unless we
 * have a bug.
 */
MUST_CHECK uint64_t aspace_fini(struct aspace *as, struct cpu *cpu,
		     void (*invalidate)(struct cpu *cpu, const struct tlb_context *ctx));

/* aspace_fault.c: what a fault asks for. Takes no lock and changes nothing. */
struct aspace_plan aspace_plan_fault(const struct aspace *as, const struct vcpu_exit *exit);
/* The rights of a leaf of this level. */
static inline unsigned aspace_prot(const struct aspace *as, const struct region *region,
				   unsigned level)
{
	return region_leaf_prot(region, level, as->gpt.caps.small_exec);
}

/* Handles a fault by its plan; takes the lock if it must. May run on several CPUs concurrently. */
MUST_CHECK enum aspace_outcome aspace_fault(struct aspace *as, const struct vcpu_exit *exit,
				 const struct aspace_plan *plan);

/* Whether gpa has an entry, so that it can be mapped without populating first. */
bool aspace_is_populated(struct aspace *as, uint64_t gpa);

/* The region of gpa, or NULL. */
const struct region *aspace_region(const struct aspace *as, uint64_t gpa);

/*
 * Changes [gpa, gpa + size), in bytes, whole pages of one region, between exits. op: enum
 * aspace_op; any number is accepted. The guest keeps its data, except with UNMAP and VACATE.
 * MAPPED: done. DENIED: not possible. NO_MEMORY: not or only partly done. Takes the lock.
 * aspace_change.c.
 */
MUST_CHECK
enum aspace_outcome aspace_change(struct aspace *as, unsigned op, uint64_t gpa, uint64_t size);

/*
 * Splits the leaf that maps gpa, and its block, until its level is at most to. The caller
 * holds the lock. False: no memory.
 */
bool aspace_split(struct aspace *as, uint64_t gpa, unsigned to);

/* Frees what is retired, if no walker can hold a pointer to it. Takes the lock. */
void aspace_reap(struct aspace *as);

/* Waits for the walkers, then frees what is retired. The caller holds the lock. False: nothing
 * was retired. */
bool aspace_reap_sync(struct aspace *as);

/* Whether the leaf maps a block of its size that was allocated for this gpa. */
bool aspace_owns(uint64_t gpa, const struct vmm_gpt_leaf *leaf);

/* Adds a leaf that was taken out to the retired ones; arg is the address space. */
vmm_gpt_leaf_fn aspace_retire;

/*
 * Flushes this table on all CPUs. Afterwards no CPU can use old translations, and what is
 * retired waits only for software walkers. The caller holds the lock.
 */
void aspace_flush(struct aspace *as);

/* Between these two no fault maps anything without the lock. The caller holds it. */
void aspace_move_begin(struct aspace *as);
void aspace_move_end(struct aspace *as);

/*
 * To read the table, either hold the lock, so that nothing is removed, or be in a read
 * section, so that nothing found is freed before it ends. A section may nest inside the
 * lock; neither may nest inside itself.
 */
void aspace_lock(struct aspace *as);
void aspace_unlock(struct aspace *as);
void aspace_read_lock(struct aspace *as);
void aspace_read_unlock(struct aspace *as);

/* The index of this CPU among those that share the address space. */
unsigned aspace_cpu(const struct aspace *as);

/*
 * The host's pointer to what is mapped at gpa; NULL if nothing is. Valid until the next
 * aspace_change.
 */
void *aspace_ptr(struct aspace *as, uint64_t gpa);

/* Copies size bytes from gpa, within one page. False: nothing is mapped there. */
MUST_CHECK bool aspace_read(struct aspace *as, uint64_t gpa, void *to, size_t size);

#endif
