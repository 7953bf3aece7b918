/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a vCPU: VM entry, exit, handler, until something ends it. The hooks decide what
 * the guest is for and what it may ask for.
 */
#ifndef KERNEL_VM_VCPU_RUN_H
#define KERNEL_VM_VCPU_RUN_H

#include "kernel/vm/aspace.h"
#include "kernel/vm/vmm_ops.h"

/* How a run ended. */
enum vcpu_end_kind {
	END_DONE,	  /* a hook ended it; value is the guest's verdict, 0 for success */
	END_HOLE,	  /* touched gpa, which is in no region or in a hole */
	END_DENIED,	  /* touched gpa in a way that its region does not allow */
	END_MEMORY,	  /* needed a page for gpa, and none was left */
	END_BUDGET,	  /* ran too long */
	END_STARVED,	  /* did not get to run: its time was stolen */
	END_HALTED,	  /* HLT, and nothing can wake it */
	END_TRIPLE_FAULT,
	END_UNEXPECTED,	  /* an exit without a handler */
	END_ENTRY_FAILED, /* hardware did not enter the guest */
	END_STOPPED,	  /* another vCPU of the guest stopped it */
	END_KINDS,
};

struct vcpu_end {
	enum vcpu_end_kind kind;
	uint8_t access; /* HOLE, DENIED, MEMORY: enum vcpu_access */
	bool walk;	/* same */
	bool mapped;	/* same: the page was mapped without the right */
	uint64_t gpa;	/* same; an expected MEMORY takes it from the steps */
	uint64_t value;
};

struct vcpu_run;

/* Hooks that return bool return whether the guest continues: vcpu_end and vcpu_pause give
 * false, vcpu_skip gives true. Optional hooks may be NULL. */
struct vcpu_hooks {
	/* The run starts, resumes, pauses or ends on this CPU. */
	void (*begin)(struct vcpu_run *run);
	void (*end)(struct vcpu_run *run);

	/* The end of a time slice, an interrupt or NMI of the host, or a #DB or #AC of the guest,
	 * which is in exit->pending. */
	bool (*interrupt)(struct vcpu_run *run, struct vcpu_exit *exit);

	/* A hypercall. The hook must also skip the instruction. */
	bool (*hypercall)(struct vcpu_run *run, struct vcpu_exit *exit);

	/* OUT of one to four bytes. False: no such port. Optional. */
	bool (*port_write)(struct vcpu_run *run, uint16_t port, unsigned size, uint32_t value);

	/* CPUID of a hypervisor leaf; policy.h has none. False: no such leaf. Optional. */
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
	bool shared;	  /* other vCPUs use the address space concurrently */
	const bool *stop; /* with shared: end as soon as possible */
	bool paused;	  /* it has not ended and can be resumed */

	struct vcpu_event waiting; /* an interrupt that waits for its window */
	bool injects;		   /* an event is injected at the next entry */

	/* Observations. */
	struct vcpu_exit exit; /* the last one */
	uint64_t exits[EXIT_KINDS];
	uint64_t denied;  /* ports, MSRs and instructions that the policy denied */
	uint64_t entered; /* TSC at the last entry */
	uint64_t deadline; /* TSC at which the armed slice or timer ends; 0: none */
	struct vcpu_end end;
	uint64_t end_rip;
	char end_words[VMM_TEXT_MAX]; /* UNEXPECTED, ENTRY_FAILED: the reason */

	/* For CPUs that do not report instruction lengths: where the last instruction was
	 * fetched. The page at fetch_gva, under fetch_cr3, is at fetch_page. */
	uint64_t fetch_gva, fetch_cr3;
	const uint8_t *fetch_page;
};

/* Runs run->vcpu, which must be on this CPU, until it ends (run->end) or is paused. A paused
 * run is resumed. */
void vcpu_loop(struct vcpu_run *run);

/* Ends the run. Returns false, for hooks to return. */
bool vcpu_end(struct vcpu_run *run, const struct vcpu_exit *exit, enum vcpu_end_kind kind);
/* Makes vcpu_loop return; it can be called again. Returns false. */
bool vcpu_pause(struct vcpu_run *run);

/* Advances past the instruction that exited. False: it cannot be decoded, and the run has
 * ended. */
bool vcpu_skip(struct vcpu_run *run, const struct vcpu_exit *exit);

/* Injects an event at the next entry; at most one per entry. */
void vcpu_inject(struct vcpu_run *run, const struct vcpu_event *event);

/* Injects an event as soon as the guest can take it. False: no event of this type (enum
 * vcpu_event_type) and vector can be injected, or an interrupt waits already. */
bool vcpu_event_request(struct vcpu_run *run, uint64_t type, uint64_t vector, uint64_t error);

/* Call when the memory that instructions were fetched from may be unmapped. */
void vcpu_forget_fetch(struct vcpu_run *run);

static inline uint64_t *vcpu_reg(struct vcpu_run *run, unsigned n)
{
	return &run->vcpu->regs.r[n];
}

/* Exits that the guest caused itself. */
uint64_t vcpu_own_exits(const struct vcpu_run *run);

extern const char *const vcpu_exit_names[EXIT_KINDS];

#endif
