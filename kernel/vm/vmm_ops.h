/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam. Everything above it is the same on every CPU; vmx/ and svm/ are
 * below it, and one of them is chosen at boot.
 *
 * All functions but probe run on the CPU they act upon, with interrupts off.
 */
#ifndef KERNEL_VM_VMM_OPS_H
#define KERNEL_VM_VMM_OPS_H

#include "gpt/vmm_gpt.h"
#include "kernel/host/cpu_raw.h"
#include "kernel/vm/vcpu.h"

/* What probe found. */
struct vmm_probe {
	bool present; /* the CPU is of this kind at all */
	bool usable;
	const char *cause;  /* not usable: the exact bit, in words */
	const char *remedy; /* not usable: what its owner can do */
	char cause_words[128], remedy_words[256]; /* where these are no constants */
	struct vmm_gpt_caps gpt;
	bool unrestricted;  /* guests may start in real mode */
	bool slice_timer;   /* set_slice works */
	bool denies_all;    /* what the policy refuses is never executed all the same */
	unsigned asids;	    /* SVM; 0 elsewhere */
	uint32_t errata;    /* errata.h: those that nestbox goes round here */
	char features[256]; /* that are used, in words */
	char missing[256];  /* that are not there, and what goes without them; may be empty */
};

enum { VMM_TEXT_MAX = 256 }; /* size of a text that describe fills */

struct vmm_ops {
	const char *name;
	const char *paging; /* what the second level is called, for the console only */
	const char *fault_name; /* the same for a fault */
	bool vmmcall; /* the instruction of a hypercall is VMMCALL, not VMCALL */
	const struct vmm_gpt_format *format;

	/* A pure function of raw. */
	void (*probe)(const struct cpu_raw *raw, struct vmm_probe *probe);

	/*
	 * Switches virtualization on; all CPUs before the first vCPU is made, one after the
	 * other. False: why, in words[VMM_TEXT_MAX]. True: there is what the CPUs before it
	 * have to do without from now on, since this one lacks it; or nothing.
	 */
	bool (*enable)(struct cpu *cpu, const struct cpu_raw *raw, char *words);
	void (*disable)(struct cpu *cpu);

	/* vcpu->cpu and vcpu->ctx are set. False: why in error. init may be undone by fini once. */
	bool (*vcpu_init)(struct vcpu *vcpu, const struct vcpu_state *state, char *error);
	void (*vcpu_fini)(struct vcpu *vcpu);

	/*
	 * Between exits. unload, on vcpu->cpu: takes off it what the vCPU has there, so that
	 * it can go on elsewhere. load, with vcpu->cpu set anew, on that CPU. In
	 * between nothing but these may be called for it. What its address space owes to
	 * the new CPU is the ledger's affair, and x87, SSE and CR2 the vCPU loop's.
	 * A CPU may have several vCPUs on it, and enter them in turn.
	 */
	void (*vcpu_unload)(struct vcpu *vcpu);
	void (*vcpu_load)(struct vcpu *vcpu);

	/*
	 * Runs the guest until its next exit, which decode then turns into
	 * words that no vendor owns. enter makes the flush that vcpu->ctx needs on this
	 * CPU (tlb_needs_flush), and proves it by tlb_note_entry.
	 * A guest that could not be entered is an exit too: ENTRY_FAILED.
	 */
	void (*enter)(struct vcpu *vcpu);
	/* Behind the last of several: the CPU has the host's state again, all of it. NULL: so it
	 * has after each. */
	void (*leave)(struct vcpu *vcpu);
	void (*decode)(struct vcpu *vcpu, struct vcpu_exit *exit);

	/* The guest goes on behind its instruction, of this many bytes. */
	void (*skip)(struct vcpu *vcpu, const struct vcpu_exit *exit, unsigned length);

	/* The event is delivered at the next entry. One at a time. */
	void (*inject)(struct vcpu *vcpu, const struct vcpu_event *event);

	/* EXIT_WINDOW as soon as the guest can take an interrupt, again and again until it is off. */
	void (*want_window)(struct vcpu *vcpu, bool on);

	/* At the most ticks of the TSC in the guest from now on, then EXIT_TIMER; 0: no end.
	 * NULL, or probe.slice_timer false: the host's timer does it. */
	void (*set_slice)(struct vcpu *vcpu, uint64_t ticks);

	void (*get_state)(struct vcpu *vcpu, struct vcpu_state *state);
	void (*set_cr)(struct vcpu *vcpu, unsigned number, uint64_t value);
	void (*set_efer)(struct vcpu *vcpu, uint64_t value);
	/* Loads the four top entries of PAE paging. NULL: this CPU reads them at each walk. */
	void (*set_pdptes)(struct vcpu *vcpu, const uint64_t pdptes[4]);

	/* FS_BASE, GS_BASE and KERNEL_GS_BASE are the guest's own and not
	 * intercepted; they need no call. */

	/* Drops what this CPU may have cached of a root that goes away. On SVM
	 * the ASID's next user flushes; the ledger sees to it. */
	void (*invalidate)(struct cpu *cpu, const struct tlb_context *ctx);

	/* The linear address that the last EXIT_FAULT was for. False: this CPU
	 * does not say; NULL: none does. */
	bool (*fault_linear)(struct vcpu *vcpu, uint64_t *gva);

	/* The last exit or failure in the manual's words, into words[VMM_TEXT_MAX]. */
	void (*describe)(struct vcpu *vcpu, char *words);
};

extern const struct vmm_ops vmx_ops; /* vmx/vmx.c */
extern const struct vmm_ops svm_ops; /* svm/svm.c */

#endif
