/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this folder share. vmx.c has the theory. */
#ifndef VMX_VMX_H
#define VMX_VMX_H

#include "kernel/host/cpu.h"
#include "kernel/vm/tlb.h"
#include "kernel/vm/vmm_ops.h"
#include "vmx/controls.h"
#include "vmx/insn.h"

/* A CPU in VMX operation: struct cpu's arch. */
struct vmx_cpu {
	struct tlb_cpu tlb; /* first: tlb.h */
	uint64_t pfn;	    /* of this record */
	uint64_t vmxon_pfn; /* of the VMXON region */
	struct vmx_vcpu *current; /* whose VMCS, and KERNEL_GS_BASE, is loaded */
	uint64_t invepts;	  /* INVEPTs that succeeded */
	struct vmx_fixed fixed;	  /* of this CPU: what its own CRs must be */
	uint64_t kernel_gs_base; /* the host's */
	uint32_t vcpus;
	uint8_t timer_rate; /* the preemption timer counts once in 2^n ticks of the TSC */
	bool invept_single;
};

/*
 * What all CPUs that are on allow, and what is made of it for each VMCS. Complete before
 * the first vCPU is made.
 */
struct vmx_common {
	struct vmx_allowed allowed;
	struct vmx_controls controls;
	bool any; /* a CPU is on */
};

extern struct vmx_common vmx_common; /* vmx.c */

/* A virtual CPU: struct vcpu's arch. */
struct vmx_vcpu {
	uint8_t result; /* enum vmx_result of the last entry; enter.asm has the offsets */
	bool launched;	/* this VMCS takes VMRESUME, no more VMLAUNCH */
	bool slice;	/* the preemption timer is on */
	uint64_t host_rsp; /* as in the VMCS */
	/*
	 * As in the VMCS of a vCPU that can go on as it is. 0: something is to
	 * be done before the next entry (vcpu.c: prepare).
	 */
	uint64_t eptp;
	uint64_t pfn;	/* of this record */
	struct vmx_cpu *vc; /* that it is on; NULL between unload and load */
	uint64_t vmcs_pfn;
	uint64_t msr_bitmap_pfn;
	uint64_t efer;		 /* as in the VMCS */
	uint64_t kernel_gs_base; /* the guest's, while it is not current */
	struct vmx_controls controls; /* as in the VMCS */
};

static inline struct vmx_cpu *vmx_cpu_of(const struct vcpu *vcpu)
{
	return vcpu->cpu->arch;
}

/* enter.asm */
void vmx_enter(struct guest_regs *regs, struct vmx_vcpu *vx);
extern const char vmx_exited[], vmx_abort_range[], vmx_abort_range_end[], vmx_aborted[];

/* probe.c */
void vmx_probe(const struct cpu_raw *raw, struct vmm_probe *probe);

/* vcpu.c */
/* Flushes what this CPU caches of this EPTP, and counts it. */
void vmx_invept(struct vmx_cpu *vc, uint64_t eptp);
bool vmx_vcpu_init(struct vcpu *vcpu, const struct vcpu_state *state, char *error);
void vmx_vcpu_fini(struct vcpu *vcpu);
void vmx_vcpu_unload(struct vcpu *vcpu);
void vmx_vcpu_load(struct vcpu *vcpu);
void vmx_vcpu_enter(struct vcpu *vcpu);
void vmx_skip(struct vcpu *vcpu, const struct vcpu_exit *exit, unsigned length);
void vmx_inject(struct vcpu *vcpu, const struct vcpu_event *event);
void vmx_want_window(struct vcpu *vcpu, bool on);
void vmx_set_slice(struct vcpu *vcpu, uint64_t ticks);

void vmx_get_state(struct vcpu *vcpu, struct vcpu_state *state);
void vmx_set_cr(struct vcpu *vcpu, unsigned number, uint64_t value);
void vmx_set_efer(struct vcpu *vcpu, uint64_t value);
void vmx_set_pdptes(struct vcpu *vcpu, const uint64_t pdptes[4]);

/* current.c: makes vcpu's VMCS the current one on vcpu->cpu, before its fields are used. */
void vmx_make_current(struct vcpu *vcpu);

/* VMCLEAR; it is not current afterwards. */
enum vmx_result vmx_clear(struct vmx_vcpu *vx);

/* The next entry is a VMLAUNCH again. */
void vmx_clear_launch(struct vcpu *vcpu);

/* exit.c */
void vmx_decode(struct vcpu *vcpu, struct vcpu_exit *exit);
/* The name of a basic exit reason; never NULL. */
const char *vmx_reason_name(unsigned basic);

/* describe.c: texts of at most VMM_TEXT_MAX. */
void vmx_describe(struct vcpu *vcpu, char *words);
bool vmx_fault_linear(struct vcpu *vcpu, uint64_t *gva);

/* failure.c: how an instruction of this name failed, the VM-instruction error in words. */
void vmx_describe_failure(char *words, const char *insn, enum vmx_result result);

/* check.c: the first rule for guest state that the current VMCS breaks; NULL: none found. */
const char *vmx_check_guest(const struct vmx_fixed *fixed);

#endif
