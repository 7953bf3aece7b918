/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a vCPU: from one VM entry to the next exit, until something ends it. What the
 * guest is for, and what it may ask for, is the business of the hooks.
 */
#ifndef KERNEL_VM_VCPU_RUN_H
#define KERNEL_VM_VCPU_RUN_H

#include "kernel/vm/aspace.h"
#include "kernel/vm/vmm_ops.h"

/* How a run ended. */
enum vcpu_end_kind {
	END_DONE,	  /* a hook said so: value is the guest's verdict, 0 for good */
	END_HOLE,	  /* touched gpa, where nothing is */
	END_DENIED,	  /* touched gpa in a way its region does not allow */
	END_MEMORY,	  /* needed a page for gpa when none was left */
	END_BUDGET,	  /* ran for too long */
	END_STARVED,	  /* did not get to run: its time was stolen */
	END_HALTED,	  /* HLT, and nothing that could wake it */
	END_TRIPLE_FAULT,
	END_UNEXPECTED,	  /* an exit that nobody handles */
	END_ENTRY_FAILED, /* hardware would not enter it */
	END_STOPPED,	  /* another vCPU of the guest made it stop */
	END_KINDS,
};

struct vcpu_end {
	enum vcpu_end_kind kind;
	uint8_t access; /* HOLE, DENIED, MEMORY: enum vcpu_access */
	bool walk;	/* likewise */
	bool mapped;	/* likewise: the page was there, and lacked the right */
	uint64_t gpa;	/* likewise; an expected MEMORY has it from the steps */
	uint64_t value;
};

struct vcpu_run;

/* Those that return a bool return whether the guest goes on: vcpu_end and vcpu_pause give
 * false, vcpu_skip true. Optional ones may be NULL. */
struct vcpu_hooks {
	/* The run begins, and ends, on this CPU; also where it was paused. */
	void (*begin)(struct vcpu_run *run);
	void (*end)(struct vcpu_run *run);

	/* The end of a time slice, an interrupt or an NMI of the host's. */
	bool (*interrupt)(struct vcpu_run *run, struct vcpu_exit *exit);

	/* The hypercall instruction; to be skipped, too. */
	bool (*hypercall)(struct vcpu_run *run, struct vcpu_exit *exit);

	/* OUT of one to four bytes. False: there is nothing at this port. Optional. */
	bool (*port_write)(struct vcpu_run *run, uint16_t port, unsigned size, uint32_t value);

	/* CPUID of a hypervisor's leaf, of which policy.h has none. False: nor is there here. Optional. */
	bool (*cpuid)(uint32_t leaf, struct cpuid_regs *regs);

	/* A second-level fault, before it is handled. Optional. */
	void (*fault)(struct vcpu_run *run, const struct vcpu_exit *exit,
		      const struct aspace_plan *plan);
};

struct vcpu_run {
	const struct vcpu_hooks *hooks;
	const struct vmm_ops *ops;
	struct aspace *as;
	struct vcpu *vcpu;
	bool shared;	  /* other vCPUs use the address space at the same time */
	const bool *stop; /* with shared: it is to end as soon as possible */
	bool paused;	  /* it has not ended, and can go on */

	struct vcpu_event waiting; /* an interrupt, for its window */
	bool injects;		   /* an event goes in at the next entry */

	/* What was seen. */
	struct vcpu_exit exit; /* the last one */
	uint64_t exits[EXIT_KINDS];
	uint64_t denied;  /* ports, MSRs and instructions that the policy refused */
	uint64_t entered; /* the TSC at the last entry */
	uint64_t deadline; /* the TSC when what was armed by the hooks ends its stay; 0: nothing */
	struct vcpu_end end;
	uint64_t end_rip;
	char end_words[VMM_TEXT_MAX]; /* UNEXPECTED, ENTRY_FAILED: why */

	/* Where the last instruction was fetched from, for CPUs that do not give an
	 * instruction's length: the page of fetch_gva, under fetch_cr3, is at fetch_page. */
	uint64_t fetch_gva, fetch_cr3;
	const uint8_t *fetch_page;
};

/* Runs run->vcpu, which is on this CPU, to its end, in run->end afterwards; or until it is
 * paused, and then from there on. */
void vcpu_loop(struct vcpu_run *run);

/* Ends it, in this way. False, for a hook to return. */
bool vcpu_end(struct vcpu_run *run, const struct vcpu_exit *exit, enum vcpu_end_kind kind);
/* vcpu_loop returns, and may be called again. False. */
bool vcpu_pause(struct vcpu_run *run);

/* The guest goes on after the instruction that exited. False: it cannot be decoded, which
 * has ended it. */
bool vcpu_skip(struct vcpu_run *run, const struct vcpu_exit *exit);

/* An event at the next entry; one for each entry. */
void vcpu_inject(struct vcpu_run *run, const struct vcpu_event *event);

/* An event as soon as the guest can take it. False: there is none of this type (enum
 * vcpu_event_type) and vector, or an interrupt waits already. */
bool vcpu_event_ask(struct vcpu_run *run, uint64_t type, uint64_t vector, uint64_t error);

/* The memory that instructions are fetched from may go. */
void vcpu_forget_fetch(struct vcpu_run *run);

static inline uint64_t *vcpu_reg(struct vcpu_run *run, unsigned n)
{
	return &run->vcpu->regs.r[n];
}

/* The exits that the guest caused itself. */
uint64_t vcpu_own_exits(const struct vcpu_run *run);

extern const char *const vcpu_exit_names[EXIT_KINDS];

#endif
