/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test guest: what runs inside, and what must be seen from outside.
 * Expectations follow from the guest's layout; none is copied from a run.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "guest/abi.h"
#include "kernel/vm/vcpu_run.h"

enum { GUEST_REGIONS_MAX = 8, GUEST_VALUES_MAX = 4, GUEST_OUTPUT_MAX = 128,
       GUEST_STEPS_MAX = 48, GUEST_COPIES_MAX = 4 };

#define GUEST_VCPUS_ALL (~0u)

/* The state that a guest begins in. */
enum guest_mode {
	/* 64-bit mode at GUEST_ENTRY, CR3 = GUEST_IMAGE, flat segments, no stack,
	 * no descriptor tables, interrupts off, EDI = which hypercall. */
	GUEST_LONG64,
	/* Real mode at 0000:GUEST_REAL_ENTRY, all segments at 0, IDTR at 0 for the
	 * interrupt vector table, no stack, interrupts off, EDI = which hypercall.
	 * Not on CPUs without vmm_probe.unrestricted. */
	GUEST_REAL16,
};

enum guest_step_kind {
	STEP_NONE,
	STEP_WALK,   /* the CPU's walk of the guest's tables: a write, to hardware */
	STEP_PDPTES, /* likewise, of the four top entries of PAE paging: some CPUs read
		      * them at a MOV to CR3, and leave no A and D */
	STEP_READ,
	STEP_WRITE,
	STEP_EXEC,
	STEP_MEMORY, /* HC_MEMORY: and more, MEMORY_SPLIT and so on */
};

/*
 * What a guest does to memory: to count pages from gpa on, stride bytes apart. In
 * the order in which it does so; what it does there again need not be listed,
 * unless it is something else. kernel/suite/replay.h makes of it what must be seen.
 */
struct guest_step {
	uint8_t what; /* enum guest_step_kind */
	uint64_t gpa, count, stride;
};

/* What each guest in long mode begins with, whose image begins with GUEST_BEGIN. */
#define GUEST_STEPS_BEGIN                                                                  \
	{ STEP_WALK, GUEST_IMAGE, GUEST_TABLES, 4096 }, { STEP_EXEC, GUEST_ENTRY, 1, 0 },  \
	{                                                                                  \
		STEP_WRITE, GUEST_ENTRY, 1, 0                                              \
	}

struct guest_expect {
	struct guest_step steps[GUEST_STEPS_MAX]; /* up to the first STEP_NONE */
	uint64_t exits[EXIT_KINDS]; /* EXIT_FAULT follows from the steps */
	/* Up to so many more: what is refused anyway, some CPUs refuse without an exit. */
	uint64_t optional[EXIT_KINDS];
	struct vcpu_end end;
	uint64_t mapped; /* of several vCPUs: pages of 4 KiB at the end; 0: any number */
	uint64_t flushes; /* of one that wanders: made by all CPUs. Copies need one for each switch. */
	const char *output; /* what it writes to the console; NULL: nothing */
};

/* What HC_VALUE reports: the log's figure GUEST.NAME, VALUE UNIT. */
struct guest_value {
	const char *name, *unit;
};

struct guest {
	const char *name, *title;
	/*
	 * 0: one; GUEST_VCPUS_ALL: on all CPUs that there are, .vcpus_least at least, but
	 * not more than ASPACE_CPUS_MAX. Else so many, each on a CPU of its own, over the
	 * same memory; all begin alike, with ESI: which one it is, EDX: how many there
	 * are, RCX: a seed for what is random, R8: their patience with each other
	 * (abi.h). What they touch first is not known then:
	 * .expect has the end, for each of them, .mapped, and no steps, unless it comes
	 * to the same whose they are, and no page that is written to first has two
	 * that are first.
	 */
	unsigned vcpus, vcpus_least;
	/*
	 * 0: one. Else so many of it, each with memory of its own; they take turns on
	 * one CPU, and begin with ESI, EDX and RCX as vCPUs do. HC_YIELD ends a turn, or
	 * the end of its slice, in ticks of the TSC; 0: it has none.
	 */
	unsigned copies;
	uint64_t slice;
	bool wanders; /* HC_YIELD: it goes on on the next CPU */
	uint64_t rounds; /* that HC_MORE grants, to all of its vCPUs or copies together;
			    soak= grants time */
	enum guest_mode mode;
	struct region regions[GUEST_REGIONS_MAX]; /* up to the first of size 0 */
	/*
	 * TSC ticks; 0: GUEST_BUDGET. Who expects END_BUDGET must be seen to move
	 * (kernel/suite/vcpu_time.h), and so must who has a slice.
	 */
	uint64_t budget;
	bool untimed; /* no timer ends a stay: vCPUs give up by themselves, by R8 */
	uint64_t needs_pages;  /* of memory, free before it begins */
	uint64_t memory_pages; /* pretend that there is no more memory; 0: all there is */
	bool needs_timer;      /* can be ended only by one */
	bool needs_fep;        /* cmdline.h */
	bool needs_denials;    /* executes what the policy denies: vmm_probe.denies_all */
	const char *fatal; /* where it fails, nothing comes after it: so it is not run
			    * where it is known to fail, and this is what is said */
	struct guest_value values[GUEST_VALUES_MAX];
	struct guest_expect expect;
};

/* Far more than any guest needs, and slow= times as much: the net below the net. */
#define GUEST_BUDGET (UINT64_C(1) << 36)

extern const struct guest *const guests[]; /* guests.c */
extern const unsigned guests_count;
extern const struct guest guest_soak; /* of soak= only */

/* The region of a guest's image: IMAGE_SIZE is in its layout.h, and guest.inc
 * pads the image to it. */
#define GUEST_IMAGE_REGION(image_)                                                      \
	{                                                                               \
		.name = "image", .kind = REGION_RAM, .start = GUEST_IMAGE,              \
		.size = IMAGE_SIZE, .image = (image_), .image_size = IMAGE_SIZE,        \
	}

/* Likewise for GUEST_REAL16. */
#define GUEST_REAL_IMAGE_REGION(image_)                                                 \
	{                                                                               \
		.name = "image", .kind = REGION_RAM, .start = 0, .size = IMAGE_SIZE,    \
		.image = (image_), .image_size = IMAGE_SIZE,                            \
	}

#endif
