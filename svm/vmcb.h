/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual machine control block, and its constants.
 * AMD APM vol. 2: appendix B (layout), appendix C (exit codes), 15 (meaning).
 */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <stddef.h>
#include <stdint.h>

/* MSRs and CPUID (15.30, appendix A; vol. 3, CPUID 8000_000A). */
#define MSR_VM_CR	      0xc0010114u
#define VM_CR_SVMDIS	      (UINT64_C(1) << 4)
#define VM_CR_LOCK	      (UINT64_C(1) << 3)
#define MSR_VM_HSAVE_PA	      0xc0010117u
#define SVM_EDX_NP	      (1u << 0)
#define SVM_EDX_SVML	      (1u << 2)
#define SVM_EDX_NRIPS	      (1u << 3)
#define SVM_EDX_FLUSH_BY_ASID (1u << 6)
#define SVM_EDX_DECODE	      (1u << 7)

/* Intercepts: one 32-bit word each at 0x000, 0x004, 0x008, 0x00c, 0x010. */
enum {
	VMCB_CR_READ = 0,   /* bit n: reads of CRn; bit 16 + n: writes */
	VMCB_DR_READ = 1,   /* same for DRn */
	VMCB_EXCEPTION = 2, /* bit n: vector n */
	VMCB_MISC1 = 3,
	VMCB_MISC2 = 4,
	VMCB_INTERCEPTS = 5,
};
#define CR_WRITE_SHIFT 16

#define MISC1_INTR	    (1u << 0)
#define MISC1_NMI	    (1u << 1)
#define MISC1_INIT	    (1u << 3)
#define MISC1_VINTR	    (1u << 4)
#define MISC1_RDPMC	    (1u << 15)
#define MISC1_CPUID	    (1u << 18)
#define MISC1_RSM	    (1u << 19)
#define MISC1_INVD	    (1u << 22)
#define MISC1_HLT	    (1u << 24)
#define MISC1_INVLPGA	    (1u << 26)
#define MISC1_IOIO	    (1u << 27)
#define MISC1_MSR	    (1u << 28)
#define MISC1_TASK_SWITCH   (1u << 29)
#define MISC1_SHUTDOWN	    (1u << 31)

#define MISC2_VMRUN	    (1u << 0)
#define MISC2_VMMCALL	    (1u << 1)
#define MISC2_VMLOAD	    (1u << 2)
#define MISC2_VMSAVE	    (1u << 3)
#define MISC2_STGI	    (1u << 4)
#define MISC2_CLGI	    (1u << 5)
#define MISC2_SKINIT	    (1u << 6)
#define MISC2_RDTSCP	    (1u << 7)
#define MISC2_WBINVD	    (1u << 9)
#define MISC2_MONITOR	    (1u << 10)
#define MISC2_MWAIT	    (1u << 11)
#define MISC2_MWAIT_ARMED   (1u << 12)
#define MISC2_XSETBV	    (1u << 13)

/* TLB_CONTROL (15.16.2) */
enum { TLB_NOTHING = 0, TLB_FLUSH_ALL = 1, TLB_FLUSH_ASID = 3 };

/* Interrupt control (15.21) */
#define VINTR_IRQ	(UINT64_C(1) << 8)
#define VINTR_IGNORE_TPR (UINT64_C(1) << 20)
#define VINTR_MASKING	(UINT64_C(1) << 24)
#define INTERRUPT_SHADOW (UINT64_C(1) << 0)

#define NP_ENABLE (UINT64_C(1) << 0)

/* EVENTINJ and EXITINTINFO (15.20) */
#define EVENT_VECTOR	 0xffu
#define EVENT_TYPE_SHIFT 8
#define EVENT_TYPE_MASK	 7u
#define EVENT_ERROR	 (UINT64_C(1) << 11)
#define EVENT_VALID	 (UINT64_C(1) << 31)
#define EVENT_CODE_SHIFT 32

/* EXITCODE (appendix C) */
enum {
	VMEXIT_CR0_READ = 0x00,
	VMEXIT_CR0_WRITE = 0x10,
	VMEXIT_DR0_READ = 0x20,
	VMEXIT_DR15_WRITE = 0x3f,
	VMEXIT_EXCEPTION_0 = 0x40,
	VMEXIT_EXCEPTION_31 = 0x5f,
	VMEXIT_INTR = 0x60,
	VMEXIT_NMI = 0x61,
	VMEXIT_SMI = 0x62,
	VMEXIT_INIT = 0x63,
	VMEXIT_VINTR = 0x64,
	VMEXIT_RDPMC = 0x6f,
	VMEXIT_CPUID = 0x72,
	VMEXIT_RSM = 0x73,
	VMEXIT_INVD = 0x76,
	VMEXIT_HLT = 0x78,
	VMEXIT_INVLPGA = 0x7a,
	VMEXIT_IOIO = 0x7b,
	VMEXIT_MSR = 0x7c,
	VMEXIT_TASK_SWITCH = 0x7d,
	VMEXIT_SHUTDOWN = 0x7f,
	VMEXIT_VMRUN = 0x80,
	VMEXIT_VMMCALL = 0x81,
	VMEXIT_VMLOAD = 0x82,
	VMEXIT_VMSAVE = 0x83,
	VMEXIT_STGI = 0x84,
	VMEXIT_CLGI = 0x85,
	VMEXIT_SKINIT = 0x86,
	VMEXIT_RDTSCP = 0x87,
	VMEXIT_WBINVD = 0x89,
	VMEXIT_MONITOR = 0x8a,
	VMEXIT_MWAIT = 0x8b,
	VMEXIT_MWAIT_ARMED = 0x8c,
	VMEXIT_XSETBV = 0x8d,
	VMEXIT_NPF = 0x400,
};
/* VMEXIT_INVALID is -1; some emulators store 32 bits of it. */
#define VMEXIT_INVALID_LOW 0xffffffffu

/* EXITINFO1 of a nested page fault (15.25.6) */
#define NPF_PRESENT  (UINT64_C(1) << 0)
#define NPF_WRITE    (UINT64_C(1) << 1)
#define NPF_RESERVED (UINT64_C(1) << 3)
#define NPF_FETCH    (UINT64_C(1) << 4)
#define NPF_WALK     (UINT64_C(1) << 33)

/* EXITINFO1 of IN and OUT (15.10.2) */
#define IOIO_IN		(1u << 0)
#define IOIO_STRING	(1u << 2)
#define IOIO_REP	(1u << 3)
#define IOIO_SIZE_SHIFT 4 /* one bit each for 1, 2, 4 bytes */
#define IOIO_PORT_SHIFT 16

/* EXITINFO1 of MOV CR, with decode assists (15.33) */
#define MOVCR_VALID    (UINT64_C(1) << 63)
#define MOVCR_GPR_MASK 0xfu

/* Bits of .attr, which has the descriptor's bits 55:52 and 47:40 */
#define CS_LONG (1u << 9)
#define CS_DB	(1u << 10)

struct vmcb_segment {
	uint16_t selector;
	uint16_t attr; /* type, S, DPL, P in 7:0; AVL, L, D, G in 11:8 */
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	/* The control area. */
	uint32_t intercepts[VMCB_INTERCEPTS];
	uint8_t reserved1[0x40 - 0x14];
	uint64_t iopm_base;
	uint64_t msrpm_base;
	uint64_t tsc_offset;
	uint32_t asid;
	uint32_t tlb_control;
	uint64_t vintr;
	uint64_t interrupt_shadow;
	uint64_t exitcode;
	uint64_t exitinfo1;
	uint64_t exitinfo2;
	uint64_t exitintinfo;
	uint64_t np_enable;
	uint8_t reserved2[0xa8 - 0x98];
	uint64_t eventinj;
	uint64_t ncr3;
	uint64_t lbr_control;
	uint32_t clean;
	uint32_t reserved3;
	uint64_t nrip;
	uint8_t fetched;
	uint8_t insn[15];
	uint8_t reserved4[0x400 - 0xe0];
	/* The state save area. */
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved5[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved6;
	uint64_t efer;
	uint8_t reserved7[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved8[0x5d8 - 0x580];
	uint64_t rsp;
	uint8_t reserved9[0x5f8 - 0x5e0];
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	uint8_t reserved10[0x668 - 0x648];
	uint64_t g_pat;
	uint64_t debugctl, br_from, br_to, lastexcp_from, lastexcp_to;
	uint8_t reserved11[0x1000 - 0x698];
};

#define VMCB_AT(field, offset) \
	_Static_assert(offsetof(struct vmcb, field) == (offset), "APM vol. 2, appendix B: " #field)
VMCB_AT(iopm_base, 0x040);
VMCB_AT(tsc_offset, 0x050);
VMCB_AT(asid, 0x058);
VMCB_AT(tlb_control, 0x05c);
VMCB_AT(vintr, 0x060);
VMCB_AT(exitcode, 0x070);
VMCB_AT(exitintinfo, 0x088);
VMCB_AT(np_enable, 0x090);
VMCB_AT(eventinj, 0x0a8);
VMCB_AT(ncr3, 0x0b0);
VMCB_AT(clean, 0x0c0);
VMCB_AT(nrip, 0x0c8);
VMCB_AT(insn, 0x0d1);
VMCB_AT(es, 0x400);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(kernel_gs_base, 0x620);
VMCB_AT(cr2, 0x640);
VMCB_AT(g_pat, 0x668);
_Static_assert(sizeof(struct vmcb) == 4096, "APM vol. 2, appendix B");

#endif
