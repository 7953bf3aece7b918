/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test guest: its memory, its vCPUs, and what the host must observe.
 * Expectations follow from the guest's layout; none is copied from a run.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include "guest/abi.h"
#include "kernel/vm/vcpu_run.h"

enum { GUEST_REGIONS_MAX = 8, GUEST_VALUES_MAX = 4, GUEST_OUTPUT_MAX = 128,
       GUEST_STEPS_MAX = 48, GUEST_COPIES_MAX = 4 };

#define GUEST_VCPUS_ALL (~0u)

/* The initial state of a guest. */
enum guest_mode {
	/* 64-bit mode at GUEST_ENTRY, CR3 = GUEST_IMAGE, flat segments, no stack,
	 * no descriptor tables, IF = 0, EDI = HYPERCALL_VMCALL or _VMMCALL. */
	GUEST_LONG64,
	/* Real mode at 0000:GUEST_REAL_ENTRY, all segments at 0, IDTR at 0 for the
	 * interrupt vector table, no stack, IF = 0, EDI as above. Skipped on CPUs
	 * without vmm_probe.unrestricted. */
	GUEST_REAL16,
};

enum guest_step_kind {
	STEP_NONE,
	STEP_WALK,   /* the CPU walks the guest's page tables: hardware treats it as a write */
	STEP_PDPTES, /* likewise for the four PDPTEs of PAE paging: some CPUs read them at
		      * MOV to CR3 and set no A and D */
	STEP_READ,
	STEP_WRITE,
	STEP_EXEC,
	STEP_MEMORY, /* HC_MEMORY: STEP_MEMORY + MEMORY_SPLIT and so on */
};

/*
 * One access to each of count pages, from gpa, stride bytes apart; STEP_MEMORY: the range
 * [gpa, gpa + count * stride). Steps are in program order. A repeated access of the same
 * kind need not be listed. kernel/suite/replay.h derives the expected result from them.
 */
struct guest_step {
	uint8_t what; /* enum guest_step_kind */
	uint64_t gpa, count, stride;
};

/* The first steps of each long-mode guest whose image begins with GUEST_BEGIN. */
#define GUEST_STEPS_BEGIN                                                                  \
	{ STEP_WALK, GUEST_IMAGE, GUEST_TABLES, 4096 }, { STEP_EXEC, GUEST_ENTRY, 1, 0 },  \
	{                                                                                  \
		STEP_WRITE, GUEST_ENTRY, 1, 0                                              \
	}

struct guest_expect {
	struct guest_step steps[GUEST_STEPS_MAX]; /* up to the first STEP_NONE */
	uint64_t exits[EXIT_KINDS]; /* of a single vCPU; EXIT_FAULT follows from the steps */
	/* How many more exits are allowed: some CPUs deny an access without an exit. */
	uint64_t optional[EXIT_KINDS];
	struct vcpu_end end;
	uint64_t mapped; /* vCPUs, copies, .wanders: 4 KiB pages mapped at the end; 0: any */
	uint64_t flushes; /* with .wanders: on all CPUs together; .copies: one for each switch */
	const char *output; /* written to the console; NULL: none */
};

/* HC_VALUE reports a figure: GUEST.NAME VALUE UNIT in the log. */
struct guest_value {
	const char *name, *unit;
};

struct guest {
	const char *name, *title;
	/*
	 * Number of vCPUs, each on its own CPU; they share memory. 0: one. GUEST_VCPUS_ALL:
	 * one on each CPU, at least .vcpus_least and at most ASPACE_CPUS_MAX. All start in
	 * the same state, except ESI: the vCPU's number. EDX: how many there are. RCX: a
	 * random seed. R8: how long to wait for another (abi.h). The order of first accesses
	 * is not known, so .expect gives the end, which is the same for each, and .mapped.
	 * Give steps only if the result does not depend on which vCPU touches a page, and
	 * no page is first written by two vCPUs.
	 */
	unsigned vcpus, vcpus_least;
	/*
	 * Number of copies, each with its own memory; 0: one. They take turns on one CPU, and
	 * start with ESI, EDX, RCX and R8 as vCPUs do. A turn ends by HC_YIELD, or at the
	 * end of its slice, in TSC ticks; 0: no slice.
	 */
	unsigned copies;
	uint64_t slice;
	bool wanders; /* HC_YIELD migrates it to the next CPU */
	uint64_t rounds; /* granted by HC_MORE to all vCPUs or copies together; soak= grants
			    time instead */
	enum guest_mode mode;
	struct region regions[GUEST_REGIONS_MAX]; /* up to the first of size 0 */
	/*
	 * In TSC ticks. A guest that expects END_BUDGET uses it up. For any other it is a
	 * safety net, of at least GUEST_BUDGET. A guest that expects END_BUDGET or has a
	 * slice must make visible progress (kernel/suite/vcpu_time.h).
	 */
	uint64_t budget;
	bool untimed; /* no timer makes it exit: each wait is limited by R8 */
	uint64_t needs_pages;  /* free 4 KiB pages that it needs at the start */
	uint64_t memory_pages; /* limits the pages that it can get; 0: no limit */
	bool needs_timer;      /* only a timer can end it */
	bool needs_fep;        /* cmdline.h */
	bool needs_denials;    /* executes what the policy denies: vmm_probe.denies_all */
	const char *fatal; /* the run does not survive its failure: with known=, it is not
			    * run, and this is the reported reason; NULL: it does */
	struct guest_value values[GUEST_VALUES_MAX];
	struct guest_expect expect;
};

/* The safety net in TSC ticks, multiplied by slow=: far more than any guest needs. */
#define GUEST_BUDGET (UINT64_C(1) << 36)

extern const struct guest *const guests[]; /* guests.c */
extern const unsigned guests_count;
extern const struct guest guest_soak; /* run by soak= only */

/* The region of a guest's image. IMAGE_SIZE is in its layout.h; guest.inc pads the
 * image to it. */
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
