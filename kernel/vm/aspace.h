/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's physical address space: a set of regions, and the second-level
 * table that their faults build, leaf by leaf. Nothing is mapped in advance.
 *
 * A leaf is backed by a block of the allocator of just its size, whose record
 * says by .owner at which gpa it is mapped: so all that is mapped can be checked
 * against all that was allocated (audit.h).
 *
 * Several CPUs share it. A fault that finds its entry made maps without a lock, by
 * one compare-and-swap; what makes, splits, merges or takes out entries has the
 * lock. A change that has to be seen by all waits, with the lock, until no CPU can
 * go by what was before (tlb_shootdown): whoever is in the guest leaves it without
 * asking for anything, so that wait has an end.
 */
#ifndef KERNEL_VM_ASPACE_H
#define KERNEL_VM_ASPACE_H

#include "gpt/vmm_gpt.h"
#include "kernel/host/cpu.h"
#include "kernel/host/slab.h"
#include "kernel/lib/spinlock.h"
#include "kernel/vm/region.h"
#include "kernel/vm/vcpu.h"

/* What can be done to a range of it: aspace_change. */
enum aspace_op {
	ASPACE_SPLIT,	  /* one address gets a leaf of 4 KiB, if it is part of a larger one */
	ASPACE_MERGE,	  /* one address gets as large a leaf as possible */
	ASPACE_READ_ONLY, /* takes the right to write; a write gets it back, for that leaf */
	ASPACE_UNMAP,	  /* the next touch finds what was there at the beginning */
	ASPACE_MOVE,	  /* other memory, with the same content */
	ASPACE_CLEAN,	  /* nothing counts as accessed or dirty any more */
	ASPACE_NO_EXEC,	  /* takes the right to execute; a fetch gets it back, for that leaf */
	ASPACE_VACATE,	  /* as UNMAP, and the entries and unused tables go with it */
	ASPACE_OPS,
};

struct aspace_counts {
	uint64_t read, write, exec, walk; /* faults by kind; each is counted once */
	uint64_t spurious;		  /* found its page mapped already */
	uint64_t granted;		  /* got back a right that was taken (aspace_change) */
	uint64_t smaller;		  /* leaves than wanted: there was no larger block */
	uint64_t pages, tables;		/* mapped, of 4 KiB, and table pages added below the root */
	uint64_t splits, merges, moves; /* leaves that were */
	uint64_t taken; /* tables that were taken out again by vacating */
	uint64_t changes[ASPACE_OPS]; /* aspace_change, of each kind: how often it was done */
};

/* What was taken out, until no CPU and no walker can reach it any more. */
struct aspace_retired {
	uint64_t first; /* pfn of a block that was a guest's; linked by their frames */
	struct vmm_gpt_retired tables;
	uint64_t cookie; /* vmm_gpt_grace_start */
};

/* Faults in a row, of one instruction, on what is mapped and has all rights. */
struct aspace_refused {
	uint64_t gpa, rip;
	unsigned times;
};

/* CPUs that can have a guest's vCPUs. */
enum { ASPACE_CPUS_MAX = 16 };

struct aspace {
	struct vmm_gpt gpt;
	struct tlb_context ctx;
	const struct region *regions;
	unsigned nregions;
	unsigned max_level; /* of leaves */
	unsigned cpus; /* that share it: 0 to cpus - 1 */
	struct spinlock lock;
	bool moving; /* faults wait for the lock: what is unmapped will be mapped again */
	struct slab nodes;
	struct vmm_gpt_reader walkers[ASPACE_CPUS_MAX]; /* of each CPU */
	struct aspace_refused refused[ASPACE_CPUS_MAX]; /* of each CPU */
	struct aspace_retired retired;
	uint64_t mapped; /* pages of 4 KiB, now */
	struct aspace_counts counts;
};

/* A guest's CPUs count the same things. */
static inline void aspace_count(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

enum aspace_outcome {
	ASPACE_MAPPED,	  /* go on */
	ASPACE_SPURIOUS,  /* likewise: another got there first */
	ASPACE_HOLE,	  /* nothing is there */
	ASPACE_DENIED,	  /* the region does not have this right */
	ASPACE_NO_MEMORY, /* nothing has changed */
	ASPACE_REFUSED,	  /* hardware refuses a mapping that should serve it: our fault */
};

/* What a fault asks for, decided before anything is done. */
struct aspace_plan {
	const struct region *region; /* NULL: in no region */
	enum aspace_outcome outcome; /* as far as can be told before: MAPPED, HOLE, DENIED */
	unsigned level;		     /* of the leaf, if there is a block for it */
	uint64_t image_page;	     /* where its image goes on, if it has some; else UINT64_MAX */
};

/* The level of the largest leaves that are used, of those that are wanted. */
unsigned aspace_max_level(const struct vmm_gpt_caps *caps, unsigned leaf);

/*
 * regions stay the caller's. leaf: the level of the largest leaves that are wanted;
 * where the CPU does not have them, smaller ones are used. ncpus: how many CPUs
 * will share it, at most ASPACE_CPUS_MAX. False: no memory for the root.
 */
bool aspace_init(struct aspace *as, const struct vmm_gpt_format *format,
		 const struct vmm_gpt_caps *caps, unsigned leaf, unsigned ncpus,
		 const struct region *regions, unsigned nregions);

/*
 * Unmaps, vacates, flushes and gives back everything. No CPU runs the guest any
 * more; cpu is the one that asks. Returns how many table pages were left over that vacating should
 * have taken out: 0, or our fault.
 */
uint64_t aspace_fini(struct aspace *as, struct cpu *cpu,
		     void (*invalidate)(struct cpu *cpu, const struct tlb_context *ctx));

/* aspace_fault.c */
struct aspace_plan aspace_plan_fault(const struct aspace *as, const struct vcpu_exit *exit);
/* Of a leaf of this level. */
static inline unsigned aspace_prot(const struct aspace *as, const struct region *region,
				   unsigned level)
{
	return region_leaf_prot(region, level, as->gpt.caps.small_exec);
}

enum aspace_outcome aspace_fault(struct aspace *as, const struct vcpu_exit *exit,
				 const struct aspace_plan *plan);

/* Whether the slot of gpa has to be made before something can be mapped there. */
bool aspace_is_populated(struct aspace *as, uint64_t gpa);

/* The region of gpa; NULL: none. */
const struct region *aspace_region(const struct aspace *as, uint64_t gpa);

/*
 * Changes [gpa, gpa + size), bytes, whole pages of one region, between exits. op: enum
 * aspace_op, or any number. The guest keeps its data, but for what UNMAP and VACATE drop.
 * MAPPED: it was done; DENIED: it cannot be; NO_MEMORY: not all of it was.
 * aspace_change.c.
 */
enum aspace_outcome aspace_change(struct aspace *as, unsigned op, uint64_t gpa, uint64_t size);

/*
 * With the lock: what is mapped at gpa gets leaves of this level or below, and the
 * allocator blocks. False: no memory for that.
 */
bool aspace_split(struct aspace *as, uint64_t gpa, unsigned to);

/* Gives back what is retired, if nobody looks at it any more. */
void aspace_reap(struct aspace *as);

/* With the lock: the same, and waits until nobody does. False: there was nothing. */
bool aspace_reap_sync(struct aspace *as);

/* Whether what this leaf maps is a block of its size that was got for this gpa. */
bool aspace_owns(uint64_t gpa, const struct vmm_gpt_leaf *leaf);

/* A leaf that was taken out, to the retired: it is the host's list of what gpt/ tells it. */
vmm_gpt_leaf_fn aspace_retire;

/*
 * Something of this table has to be flushed: when this returns, no CPU can go by
 * what was before, and what is retired waits for software walkers only. With the
 * lock.
 */
void aspace_flush(struct aspace *as);

/* With the lock: until aspace_moved, no fault maps anything. */
void aspace_moving(struct aspace *as);
void aspace_moved(struct aspace *as);

/*
 * Who looks into the table has the lock, so that nobody takes anything out; or is in
 * a section, and then what it finds is not given back before it leaves. A section may
 * be within the lock, but neither twice.
 */
void aspace_lock(struct aspace *as);
void aspace_unlock(struct aspace *as);
void aspace_read_lock(struct aspace *as);
void aspace_read_unlock(struct aspace *as);

/* Which of the address space's CPUs this one is. */
unsigned aspace_cpu(const struct aspace *as);

/*
 * The host's pointer to what is mapped at gpa; NULL if nothing is. Good until the
 * next aspace_change.
 */
void *aspace_ptr(struct aspace *as, uint64_t gpa);

/* Reads what is at gpa, inside of one page. False: nothing is mapped there. */
bool aspace_read(struct aspace *as, uint64_t gpa, void *to, size_t size);

#endif
