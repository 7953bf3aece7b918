/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of this folder. */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include "kernel/host/cpu.h"
#include "kernel/vm/tlb.h"
#include "kernel/vm/vmm_ops.h"
#include "svm/vmcb.h"

/* A CPU with SVM enabled: arch of struct cpu. */
struct svm_cpu {
	struct tlb_cpu tlb; /* first: tlb.h */
	uint64_t hsave_pfn; /* host save area of VMRUN */
	uint64_t host_pfn;  /* VMCB for the host's VMLOAD/VMSAVE state */
	bool nrips, decode_assists, flush_by_asid;
};

struct svm_vcpu {
	struct vmcb *vmcb;
	uint64_t vmcb_pfn;
	bool entry_aborted; /* the last entry was given up because of an NMI */
	bool loaded; /* VMLOAD state is on the CPU, except GS's base, which is here: */
	uint64_t gs_base;
};

/* probe.c */
void svm_probe(const struct cpu_raw *raw, struct vmm_probe *probe);

/* vcpu.c */
void svm_maps_init(void);
bool svm_vcpu_init(struct vcpu *vcpu, const struct vcpu_state *state, char *error);
void svm_vcpu_fini(struct vcpu *vcpu);
void svm_vcpu_unload(struct vcpu *vcpu);
void svm_vcpu_load(struct vcpu *vcpu);
void svm_vcpu_enter(struct vcpu *vcpu);
void svm_vcpu_leave(struct vcpu *vcpu);
void svm_vcpu_skip(struct vcpu *vcpu, const struct vcpu_exit *exit, unsigned length);
void svm_vcpu_inject(struct vcpu *vcpu, const struct vcpu_event *event);
void svm_vcpu_want_window(struct vcpu *vcpu, bool on);
void svm_vcpu_get_state(struct vcpu *vcpu, struct vcpu_state *state);
void svm_vcpu_set_cr(struct vcpu *vcpu, unsigned number, uint64_t value);
void svm_vcpu_set_efer(struct vcpu *vcpu, uint64_t value);

/* exit.c */
void svm_exit_decode(struct vcpu *vcpu, struct vcpu_exit *exit);

/* describe.c */
void svm_exit_describe(struct vcpu *vcpu, char *words);

/*
 * enter.asm: runs the guest until its next #VMEXIT. vmcb: physical address. *gs_base: the
 * guest's GS base, updated. Interrupts are disabled before and after; in between they cause
 * exits (V_INTR_MASKING, 15.21.1). RAX and RSP are in the VMCB. False: an NMI came before
 * VMRUN, and the guest did not run.
 */
bool svm_enter(struct guest_regs *regs, uint64_t vmcb, uint64_t *gs_base);

/* State that VMRUN does not switch: APM vol. 2, 15.5.2. */
static inline void svm_vmload(uint64_t vmcb)
{
	__asm__ volatile("vmload" : : "a"(vmcb) : "memory");
}

static inline void svm_vmsave(uint64_t vmcb)
{
	__asm__ volatile("vmsave" : : "a"(vmcb) : "memory");
}

static inline struct svm_vcpu *svm_vcpu(const struct vcpu *vcpu)
{
	return vcpu->arch;
}

static inline struct vmcb *svm_vmcb(const struct vcpu *vcpu)
{
	return svm_vcpu(vcpu)->vmcb;
}

static inline struct svm_cpu *svm_cpu(const struct cpu *cpu)
{
	return cpu->arch;
}

#endif
