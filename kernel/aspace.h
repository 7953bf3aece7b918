/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's physical address space: a set of regions, and the second-level
 * table that their faults build, page by page. Nothing is mapped in advance.
 */
#ifndef KERNEL_ASPACE_H
#define KERNEL_ASPACE_H

#include "gpt/vmm_gpt.h"
#include "kernel/cpu.h"
#include "kernel/heap.h"
#include "kernel/vcpu.h"

enum region_kind {
	REGION_RAM, /* read, write, execute */
	REGION_ROM, /* read, execute */
	REGION_DATA, /* read, write */
	REGION_HOLE, /* nothing is there, on purpose; so it has a name in reports */
};

/*
 * [start, start + size) in bytes, multiples of a page. image_size bytes from
 * image on are what its first pages begin with, copied at the first touch; the
 * rest begins as zeroes.
 */
struct region {
	const char *name;
	enum region_kind kind;
	uint64_t start, size;
	const void *image;
	uint64_t image_size;
};

struct aspace_counts {
	uint64_t read, write, exec, walk; /* faults by kind; each is counted once */
	uint64_t spurious;		  /* found its page mapped already */
	uint64_t pages, tables;		  /* mapped, and table pages added below the root */
};

struct aspace {
	struct vmm_gpt gpt;
	struct tlb_root root;
	const struct region *regions;
	unsigned nregions;
	struct heap nodes;
	struct aspace_counts counts;
};

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
	uint64_t image_page;	     /* UINT64_MAX: zeroes */
};

/* regions stay the caller's. False: no memory for the root. */
bool aspace_init(struct aspace *as, const struct vmm_gpt_format *format,
		 const struct vmm_gpt_caps *caps, const struct region *regions, unsigned nregions);

/*
 * Unmaps, vacates, flushes and gives back everything. cpu is the one that ran
 * the guest. Returns how many table pages were left over that vacating should
 * have taken out: 0, or our fault.
 */
uint64_t aspace_fini(struct aspace *as, struct cpu *cpu,
		     void (*invalidate)(struct cpu *cpu, const struct tlb_root *root));

struct aspace_plan aspace_plan_fault(const struct aspace *as, const struct vcpu_exit *exit);
enum aspace_outcome aspace_fault(struct aspace *as, const struct vcpu_exit *exit,
				 const struct aspace_plan *plan);

/* Whether the slot of gpa has to be made before something can be mapped there. */
bool aspace_is_populated(const struct aspace *as, uint64_t gpa);

/* The region of gpa; NULL: none. */
const struct region *aspace_region(const struct aspace *as, uint64_t gpa);

/* "rwx" and less, as the map and traces show it. */
const char *region_rights(const struct region *region);

/* The host's pointer to what is mapped at gpa; NULL if nothing is. */
void *aspace_ptr(const struct aspace *as, uint64_t gpa);

#endif
