/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam. Everything above it is the same on every CPU; vmx/ and svm/ are below it, and
 * one of them is chosen at boot.
 *
 * All functions but probe run on the CPU that they act on, with interrupts disabled.
 */
#ifndef KERNEL_VM_VMM_OPS_H
#define KERNEL_VM_VMM_OPS_H

#include "gpt/vmm_gpt.h"
#include "kernel/host/cpu_raw.h"
#include "kernel/vm/vcpu.h"

/* The result of probe. */
struct vmm_probe {
	bool present; /* the CPU has this kind of virtualization */
	bool usable;
	const char *cause;  /* not usable: the missing bit, in words */
	const char *remedy; /* not usable: what the owner can do */
	char cause_words[128], remedy_words[256]; /* storage for texts that are not constant */
	struct vmm_gpt_caps gpt;
	bool unrestricted;  /* guests may start in real mode */
	bool slice_timer;   /* set_slice works */
	bool denies_all;    /* denied instructions always exit instead of executing */
	unsigned asids;	    /* SVM; 0 elsewhere */
	uint32_t errata;    /* errata.h: those worked around here */
	char features[256]; /* features in use, in words */
	char missing[256];  /* missing features and the consequences; may be empty */
};

enum { VMM_TEXT_MAX = 256 }; /* size of a text that describe fills */

struct vmm_ops {
	const char *name;
	const char *paging; /* name of the second level, for the console only */
	const char *fault_name; /* the same for a second-level fault */
	bool vmmcall; /* hypercalls use VMMCALL, not VMCALL */
	const struct vmm_gpt_format *format;

	/* A pure function of raw. */
	void (*probe)(const struct cpu_raw *raw, struct vmm_probe *probe);

	/*
	 * Enables virtualization on all CPUs, one after the other, before the first vCPU is
	 * created. False: words[VMM_TEXT_MAX] is the reason. True: words names what earlier
	 * CPUs lose because this one lacks it; it may be empty.
	 */
	bool (*enable)(struct cpu *cpu, const struct cpu_raw *raw, char *words);
	void (*disable)(struct cpu *cpu);

	/* Needs vcpu->cpu and vcpu->ctx. False: error[VMM_TEXT_MAX] is the reason. On failure the
	 * caller need not call vcpu_fini, but may. */
	bool (*vcpu_init)(struct vcpu *vcpu, const struct vcpu_state *state, char *error);
	void (*vcpu_fini)(struct vcpu *vcpu);

	/*
	 * Migration, between exits. unload runs on vcpu->cpu and removes the vCPU's state from
	 * that CPU. load runs on the new CPU, with vcpu->cpu set to it. In between only these
	 * two may be called. TLB generations (tlb.h) take care of flushes on the new CPU, the
	 * vCPU loop of x87, SSE and CR2. A CPU may have several vCPUs and enter them in turn.
	 */
	void (*vcpu_unload)(struct vcpu *vcpu);
	void (*vcpu_load)(struct vcpu *vcpu);

	/*
	 * Runs the guest until its next exit; decode then describes the exit independently of
	 * the vendor. enter does the flush that vcpu->ctx needs on this CPU
	 * (tlb_needs_flush), and reports it by tlb_note_entry. A failed entry is an exit too:
	 * ENTRY_FAILED.
	 */
	void (*enter)(struct vcpu *vcpu);
	/* After the last of several entries: restores all host state. NULL: each exit restores
	 * it. */
	void (*leave)(struct vcpu *vcpu);
	void (*decode)(struct vcpu *vcpu, struct vcpu_exit *exit);

	/* Advances the guest by length bytes, past the instruction that exited. */
	void (*skip)(struct vcpu *vcpu, const struct vcpu_exit *exit, unsigned length);

	/* Delivers the event at the next entry. At most one. */
	void (*inject)(struct vcpu *vcpu, const struct vcpu_event *event);

	/* While on, EXIT_WINDOW whenever the guest can take an interrupt. */
	void (*want_window)(struct vcpu *vcpu, bool on);

	/* Limits time in the guest to this many TSC ticks from now, then EXIT_TIMER; 0: no limit.
	 * If NULL or probe.slice_timer is false, the host's timer is used. */
	void (*set_slice)(struct vcpu *vcpu, uint64_t ticks);

	void (*get_state)(struct vcpu *vcpu, struct vcpu_state *state);
	void (*set_cr)(struct vcpu *vcpu, unsigned number, uint64_t value);
	void (*set_efer)(struct vcpu *vcpu, uint64_t value);
	/* Loads the four PDPTEs of PAE paging. NULL: this CPU reads them at each walk. */
	void (*set_pdptes)(struct vcpu *vcpu, const uint64_t pdptes[4]);

	/* FS_BASE, GS_BASE and KERNEL_GS_BASE are not intercepted and are switched, so they need
	 * no call. */

	/* Flushes what this CPU may have cached of a root that goes away. On SVM the next entry
	 * with the ASID flushes (tlb.h). */
	void (*invalidate)(struct cpu *cpu, const struct tlb_context *ctx);

	/* The linear address of the last EXIT_FAULT. False: not reported for it. NULL: this vendor
	 * never reports it. */
	bool (*fault_linear)(struct vcpu *vcpu, uint64_t *gva);

	/* Describes the last exit or failure in the manual's terms, in words[VMM_TEXT_MAX]. */
	void (*describe)(struct vcpu *vcpu, char *words);
};

extern const struct vmm_ops vmx_ops; /* vmx/vmx.c */
extern const struct vmm_ops svm_ops; /* svm/svm.c */

#endif
