/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of this folder. vmx.c has an overview. */
#ifndef VMX_VMX_H
#define VMX_VMX_H

#include "kernel/host/cpu.h"
#include "kernel/lib/must_check.h"
#include "kernel/vm/tlb.h"
#include "kernel/vm/vmm_ops.h"
#include "vmx/controls.h"
#include "vmx/insn.h"

/* A CPU in VMX operation: arch of struct cpu. */
struct vmx_cpu {
	struct tlb_cpu tlb; /* first: tlb.h */
	uint64_t pfn;	    /* of this record */
	uint64_t vmxon_pfn; /* of the VMXON region */
	struct vmx_vcpu *current; /* the vCPU whose VMCS and KERNEL_GS_BASE are loaded */
	uint64_t invepts;	  /* INVEPTs so far */
	struct vmx_fixed fixed;	  /* the CR bits that this CPU itself requires */
	uint64_t kernel_gs_base; /* the host's */
	uint32_t vcpus;
	uint8_t timer_rate; /* the preemption timer ticks once per 2^n TSC ticks */
	bool invept_single;
};

/*
 * What all enabled CPUs allow, and the controls computed from it. Final before the first
 * vCPU is created.
 */
struct vmx_common {
	struct vmx_allowed allowed;
	struct vmx_controls controls;
	bool any; /* a CPU is enabled */
};

extern struct vmx_common vmx_common; /* vmx.c */

/* A virtual CPU: arch of struct vcpu. */
struct vmx_vcpu {
	uint8_t result; /* enum vmx_result of the last entry; enter.asm knows the offsets */
	bool launched;	/* the VMCS is launched: use VMRESUME */
	bool slice;	/* the preemption timer is on */
	uint64_t host_rsp; /* copy of the VMCS field */
	/*
	 * Copy of the VMCS field while nothing has to be prepared for the next entry; otherwise
	 * 0 (vcpu.c: prepare_and_enter).
	 */
	uint64_t eptp;
	uint64_t pfn;	/* of this record */
	struct vmx_cpu *vc; /* CPU that it is on; NULL between unload and load */
	uint64_t vmcs_pfn;
	uint64_t msr_bitmap_pfn;
	uint64_t efer;		 /* copy of the VMCS field */
	uint64_t kernel_gs_base; /* the guest's, while the vCPU is not current */
	struct vmx_controls controls; /* copies of the VMCS fields */
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
/* Flushes what this CPU has cached for this EPTP, and counts it. */
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

/* current.c: loads vcpu's VMCS on vcpu->cpu. Required before its fields are accessed. */
void vmx_make_current(struct vcpu *vcpu);

/* VMCLEAR. The VMCS is not current afterwards. */
MUST_CHECK enum vmx_result vmx_clear(struct vmx_vcpu *vx);

/* Makes the next entry a VMLAUNCH. */
void vmx_clear_launch(struct vcpu *vcpu);

/* exit.c */
void vmx_decode(struct vcpu *vcpu, struct vcpu_exit *exit);
/* The name of a basic exit reason; never NULL. */
const char *vmx_reason_name(unsigned basic);

/* describe.c: words has VMM_TEXT_MAX bytes. */
void vmx_describe(struct vcpu *vcpu, char *words);
bool vmx_fault_linear(struct vcpu *vcpu, uint64_t *gva);

/* failure.c: describes how the instruction insn failed, with the VM-instruction error. */
void vmx_describe_failure(char *words, const char *insn, enum vmx_result result);

/* check.c: the first guest-state rule that the current VMCS violates; NULL: none found. */
const char *vmx_check_guest(const struct vmx_fixed *fixed);

#endif
