/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every number of VMX that this folder uses, defined once.
 *
 * Sources: Intel SDM, chapters as in the edition of December 2023: vol. 3C,
 * 25 "Virtual Machine Control Structures", 28 "VM Exits", 31 "VMX Instruction
 * Reference"; vol. 3D, appendix A "VMX Capability Reporting Facility",
 * B "Field Encoding in VMCS", C "VMX Basic Exit Reasons"; vol. 4 for the MSRs.
 */
#ifndef VMX_VMCS_H
#define VMX_VMCS_H

#include <stdint.h>

/*
 * VMCS fields. An encoding has the access type in bit 0 (1: the high half of a
 * 64-bit field), the index in 9:1, the type in 11:10 (0 control, 1 read-only
 * data, 2 guest state, 3 host state) and the width in 14:13 (0 16 bits,
 * 1 64 bits, 2 32 bits, 3 natural). Segments come in the order of SEG_* in
 * vcpu.h, two apart.
 */
enum vmcs_field {
	/* 16 bits, control (B.1.1) */
	VMCS_VPID = 0x0000,
	VMCS_POSTED_INTERRUPT_VECTOR = 0x0002,
	VMCS_EPTP_INDEX = 0x0004,
	/* 16 bits, guest (B.1.2) */
	VMCS_GUEST_ES_SELECTOR = 0x0800,
	VMCS_GUEST_CS_SELECTOR = 0x0802,
	VMCS_GUEST_SS_SELECTOR = 0x0804,
	VMCS_GUEST_DS_SELECTOR = 0x0806,
	VMCS_GUEST_FS_SELECTOR = 0x0808,
	VMCS_GUEST_GS_SELECTOR = 0x080a,
	VMCS_GUEST_LDTR_SELECTOR = 0x080c,
	VMCS_GUEST_TR_SELECTOR = 0x080e,
	VMCS_GUEST_INTERRUPT_STATUS = 0x0810,
	VMCS_PML_INDEX = 0x0812,
	/* 16 bits, host (B.1.3) */
	VMCS_HOST_ES_SELECTOR = 0x0c00,
	VMCS_HOST_CS_SELECTOR = 0x0c02,
	VMCS_HOST_SS_SELECTOR = 0x0c04,
	VMCS_HOST_DS_SELECTOR = 0x0c06,
	VMCS_HOST_FS_SELECTOR = 0x0c08,
	VMCS_HOST_GS_SELECTOR = 0x0c0a,
	VMCS_HOST_TR_SELECTOR = 0x0c0c,

	/* 64 bits, control (B.2.1) */
	VMCS_IO_BITMAP_A = 0x2000,
	VMCS_IO_BITMAP_B = 0x2002,
	VMCS_MSR_BITMAP = 0x2004,
	VMCS_EXIT_MSR_STORE = 0x2006,
	VMCS_EXIT_MSR_LOAD = 0x2008,
	VMCS_ENTRY_MSR_LOAD = 0x200a,
	VMCS_EXECUTIVE_VMCS = 0x200c,
	VMCS_PML_ADDRESS = 0x200e,
	VMCS_TSC_OFFSET = 0x2010,
	VMCS_VIRTUAL_APIC = 0x2012,
	VMCS_APIC_ACCESS = 0x2014,
	VMCS_VMFUNC_CONTROLS = 0x2018,
	VMCS_EPTP = 0x201a,
	VMCS_EPTP_LIST = 0x2024,
	VMCS_VE_INFORMATION = 0x202a,
	VMCS_XSS_EXITING = 0x202c,
	VMCS_ENCLS_EXITING = 0x202e,
	VMCS_TSC_MULTIPLIER = 0x2032,
	VMCS_ENCLV_EXITING = 0x2036,
	/* 64 bits, read-only (B.2.2) */
	VMCS_GUEST_PHYSICAL_ADDRESS = 0x2400,
	/* 64 bits, guest (B.2.3) */
	VMCS_LINK_POINTER = 0x2800,
	VMCS_GUEST_DEBUGCTL = 0x2802,
	VMCS_GUEST_PAT = 0x2804,
	VMCS_GUEST_EFER = 0x2806,
	VMCS_GUEST_PERF_GLOBAL_CTRL = 0x2808,
	VMCS_GUEST_PDPTE0 = 0x280a,
	VMCS_GUEST_BNDCFGS = 0x2812,
	/* 64 bits, host (B.2.4) */
	VMCS_HOST_PAT = 0x2c00,
	VMCS_HOST_EFER = 0x2c02,
	VMCS_HOST_PERF_GLOBAL_CTRL = 0x2c04,

	/* 32 bits, control (B.3.1) */
	VMCS_PIN_CONTROLS = 0x4000,
	VMCS_PROC_CONTROLS = 0x4002,
	VMCS_EXCEPTION_BITMAP = 0x4004,
	VMCS_PAGE_FAULT_MASK = 0x4006,
	VMCS_PAGE_FAULT_MATCH = 0x4008,
	VMCS_CR3_TARGET_COUNT = 0x400a,
	VMCS_EXIT_CONTROLS = 0x400c,
	VMCS_EXIT_MSR_STORE_COUNT = 0x400e,
	VMCS_EXIT_MSR_LOAD_COUNT = 0x4010,
	VMCS_ENTRY_CONTROLS = 0x4012,
	VMCS_ENTRY_MSR_LOAD_COUNT = 0x4014,
	VMCS_ENTRY_EVENT = 0x4016, /* "VM-entry interruption-information field" */
	VMCS_ENTRY_EVENT_ERROR = 0x4018,
	VMCS_ENTRY_INSN_LENGTH = 0x401a,
	VMCS_TPR_THRESHOLD = 0x401c,
	VMCS_PROC2_CONTROLS = 0x401e,
	VMCS_PLE_GAP = 0x4020,
	VMCS_PLE_WINDOW = 0x4022,
	/* 32 bits, read-only (B.3.2) */
	VMCS_INSN_ERROR = 0x4400,
	VMCS_EXIT_REASON = 0x4402,
	VMCS_EXIT_EVENT = 0x4404, /* "VM-exit interruption information" */
	VMCS_EXIT_EVENT_ERROR = 0x4406,
	VMCS_VECTORING_EVENT = 0x4408, /* "IDT-vectoring information" */
	VMCS_VECTORING_EVENT_ERROR = 0x440a,
	VMCS_EXIT_INSN_LENGTH = 0x440c,
	VMCS_EXIT_INSN_INFO = 0x440e,
	/* 32 bits, guest (B.3.3) */
	VMCS_GUEST_ES_LIMIT = 0x4800,
	VMCS_GUEST_GDTR_LIMIT = 0x4810,
	VMCS_GUEST_IDTR_LIMIT = 0x4812,
	VMCS_GUEST_ES_ATTR = 0x4814,
	VMCS_GUEST_CS_ATTR = 0x4816,
	VMCS_GUEST_SS_ATTR = 0x4818,
	VMCS_GUEST_TR_ATTR = 0x4822,
	VMCS_GUEST_INTERRUPTIBILITY = 0x4824,
	VMCS_GUEST_ACTIVITY = 0x4826,
	VMCS_GUEST_SMBASE = 0x4828,
	VMCS_GUEST_SYSENTER_CS = 0x482a,
	VMCS_PREEMPTION_TIMER = 0x482e,
	/* 32 bits, host (B.3.4) */
	VMCS_HOST_SYSENTER_CS = 0x4c00,

	/* natural width, control (B.4.1) */
	VMCS_CR0_MASK = 0x6000, /* "guest/host mask": 1 means owned by the host */
	VMCS_CR4_MASK = 0x6002,
	VMCS_CR0_SHADOW = 0x6004,
	VMCS_CR4_SHADOW = 0x6006,
	/* natural width, read-only (B.4.2) */
	VMCS_QUALIFICATION = 0x6400,
	VMCS_IO_RCX = 0x6402,
	VMCS_IO_RSI = 0x6404,
	VMCS_IO_RDI = 0x6406,
	VMCS_IO_RIP = 0x6408,
	VMCS_GUEST_LINEAR_ADDRESS = 0x640a,
	/* natural width, guest (B.4.3) */
	VMCS_GUEST_CR0 = 0x6800,
	VMCS_GUEST_CR3 = 0x6802,
	VMCS_GUEST_CR4 = 0x6804,
	VMCS_GUEST_ES_BASE = 0x6806,
	VMCS_GUEST_GDTR_BASE = 0x6816,
	VMCS_GUEST_IDTR_BASE = 0x6818,
	VMCS_GUEST_DR7 = 0x681a,
	VMCS_GUEST_RSP = 0x681c,
	VMCS_GUEST_RIP = 0x681e,
	VMCS_GUEST_RFLAGS = 0x6820,
	VMCS_GUEST_PENDING_DEBUG = 0x6822,
	VMCS_GUEST_SYSENTER_ESP = 0x6824,
	VMCS_GUEST_SYSENTER_EIP = 0x6826,
	/* natural width, host (B.4.4) */
	VMCS_HOST_CR0 = 0x6c00,
	VMCS_HOST_CR3 = 0x6c02,
	VMCS_HOST_CR4 = 0x6c04,
	VMCS_HOST_FS_BASE = 0x6c06,
	VMCS_HOST_GS_BASE = 0x6c08,
	VMCS_HOST_TR_BASE = 0x6c0a,
	VMCS_HOST_GDTR_BASE = 0x6c0c,
	VMCS_HOST_IDTR_BASE = 0x6c0e,
	VMCS_HOST_SYSENTER_ESP = 0x6c10,
	VMCS_HOST_SYSENTER_EIP = 0x6c12,
	VMCS_HOST_RSP = 0x6c14, /* enter.asm repeats this number */
	VMCS_HOST_RIP = 0x6c16,
};

#define VMCS_GUEST_PDPTE(n) (VMCS_GUEST_PDPTE0 + 2u * (n)) /* 0 to 3 */

/* The fields of the segment with this SEG_* number. */
#define VMCS_GUEST_SELECTOR(seg) (VMCS_GUEST_ES_SELECTOR + 2u * (seg))
#define VMCS_GUEST_LIMIT(seg)	 (VMCS_GUEST_ES_LIMIT + 2u * (seg))
#define VMCS_GUEST_ATTR(seg)	 (VMCS_GUEST_ES_ATTR + 2u * (seg))
#define VMCS_GUEST_BASE(seg)	 (VMCS_GUEST_ES_BASE + 2u * (seg))

/* Capability MSRs (appendix A), and the MSR that unlocks VMX (vol. 3C, 24.7). */
#define MSR_FEATURE_CONTROL	   0x0000003au
#define MSR_VMX_BASIC		   0x00000480u
#define MSR_VMX_PINBASED_CTLS	   0x00000481u
#define MSR_VMX_PROCBASED_CTLS	   0x00000482u
#define MSR_VMX_EXIT_CTLS	   0x00000483u
#define MSR_VMX_ENTRY_CTLS	   0x00000484u
#define MSR_VMX_MISC		   0x00000485u
#define MSR_VMX_CR0_FIXED0	   0x00000486u
#define MSR_VMX_CR0_FIXED1	   0x00000487u
#define MSR_VMX_CR4_FIXED0	   0x00000488u
#define MSR_VMX_CR4_FIXED1	   0x00000489u
#define MSR_VMX_PROCBASED_CTLS2	   0x0000048bu
#define MSR_VMX_EPT_VPID_CAP	   0x0000048cu
#define MSR_VMX_TRUE_PINBASED_CTLS 0x0000048du
#define MSR_VMX_TRUE_PROCBASED_CTLS 0x0000048eu
#define MSR_VMX_TRUE_EXIT_CTLS	   0x0000048fu
#define MSR_VMX_TRUE_ENTRY_CTLS	   0x00000490u

#define FEATURE_CONTROL_LOCK	    (UINT64_C(1) << 0)
#define FEATURE_CONTROL_VMX_IN_SMX  (UINT64_C(1) << 1)
#define FEATURE_CONTROL_VMX	    (UINT64_C(1) << 2) /* outside of SMX */

#define VMX_BASIC_REVISION 0x7fffffffu /* A.1 */
#define VMX_BASIC_TRUE	   (UINT64_C(1) << 55)
#define VMX_MISC_TIMER_RATE 0x1fu /* A.6: the timer counts TSC bit n */

/* IA32_VMX_EPT_VPID_CAP (A.10) */
#define EPT_CAP_EXEC_ONLY     (UINT64_C(1) << 0)
#define EPT_CAP_WALK_4	      (UINT64_C(1) << 6)
#define EPT_CAP_WB	      (UINT64_C(1) << 14)
#define EPT_CAP_2M	      (UINT64_C(1) << 16)
#define EPT_CAP_1G	      (UINT64_C(1) << 17)
#define EPT_CAP_INVEPT	      (UINT64_C(1) << 20)
#define EPT_CAP_AD	      (UINT64_C(1) << 21)
#define EPT_CAP_INVEPT_SINGLE (UINT64_C(1) << 25)
#define EPT_CAP_INVEPT_ALL    (UINT64_C(1) << 26)

/* INVEPT types (vol. 3C, 31.3). */
enum { INVEPT_SINGLE = 1, INVEPT_ALL = 2 };

/*
 * Control bits, by number (vol. 3C, 25.6 to 25.8). controls.c names their words, and also uses
 * the numbers as text.
 */
/* pin-based (25.6.1) */
#define PIN_INTERRUPT_EXITING 0
#define PIN_NMI_EXITING 3
#define PIN_VIRTUAL_NMIS 5
#define PIN_PREEMPTION_TIMER 6
/* primary processor-based (25.6.2) */
#define PROC_INTERRUPT_WINDOW 2
#define PROC_HLT_EXITING 7
#define PROC_INVLPG_EXITING 9
#define PROC_MWAIT_EXITING 10
#define PROC_RDPMC_EXITING 11
#define PROC_RDTSC_EXITING 12
#define PROC_CR3_LOAD_EXITING 15
#define PROC_CR3_STORE_EXITING 16
#define PROC_CR8_LOAD_EXITING 19
#define PROC_CR8_STORE_EXITING 20
#define PROC_MOV_DR_EXITING 23
#define PROC_UNCONDITIONAL_IO 24
#define PROC_MSR_BITMAPS 28
#define PROC_MONITOR_EXITING 29
#define PROC_SECONDARY 31
/* secondary processor-based (25.6.2) */
#define PROC2_EPT 1
#define PROC2_RDTSCP 3
#define PROC2_VPID 5
#define PROC2_WBINVD_EXITING 6
#define PROC2_UNRESTRICTED 7
#define PROC2_INVPCID 12
#define PROC2_ENCLS_EXITING 15
#define PROC2_PML 17
#define PROC2_XSAVES 20
#define PROC2_ENCLV_EXITING 28
/* VM-exit (25.7.1) */
#define EXITC_SAVE_DEBUG 2
#define EXITC_HOST_64 9
#define EXITC_ACK_INTERRUPT 15
#define EXITC_LOAD_PAT 19
#define EXITC_LOAD_EFER 21
#define EXITC_SAVE_TIMER 22
/* VM-entry (25.8.1) */
#define ENTRYC_LOAD_DEBUG 2
#define ENTRYC_IA32E_GUEST 9
#define ENTRYC_LOAD_PAT 14
#define ENTRYC_LOAD_EFER 15

/* Segment attributes (25.4.1), in addition to those of vcpu.h. */
#define ATTR_UNUSABLE (1u << 16)

/* Interruptibility state (25.4.2). */
#define SHADOW_STI    (1u << 0)
#define SHADOW_MOV_SS (1u << 1)
#define BLOCKED_NMI   (1u << 3)

/* Intercepted exceptions, in the order of their vectors (25.6.3). */
#define EXCEPTIONS_EXITING (1u << VECTOR_DB | 1u << VECTOR_AC | 1u << VECTOR_MC)

/*
 * Event fields: to inject (25.8.3), the cause of an exit (25.9.2), or interrupted by an exit
 * (25.9.3). Vector in 7:0, type in 10:8.
 */
#define EVENT_WORD_VECTOR     0xffu
#define EVENT_WORD_TYPE_SHIFT 8
#define EVENT_WORD_TYPE	      7u
#define EVENT_WORD_HAS_ERROR  (1u << 11)
#define EVENT_WORD_NMI_IRET   (1u << 12) /* exits only: IRET had unblocked NMIs */
#define EVENT_WORD_VALID      (1u << 31)

/* Exit qualification of an EPT violation (table 28-7). */
#define QUAL_EPT_READ	  (1u << 0)
#define QUAL_EPT_WRITE	  (1u << 1)
#define QUAL_EPT_EXEC	  (1u << 2)
#define QUAL_EPT_CAN_READ (1u << 3)
#define QUAL_EPT_CAN_WRITE (1u << 4)
#define QUAL_EPT_CAN_EXEC (1u << 5)
#define QUAL_EPT_RIGHTS	  (QUAL_EPT_CAN_READ | QUAL_EPT_CAN_WRITE | QUAL_EPT_CAN_EXEC)
#define QUAL_EPT_LINEAR	  (1u << 7) /* the linear address is valid */
#define QUAL_EPT_FINAL	  (1u << 8) /* the access itself, not a page walk for it */
#define QUAL_EPT_NMI_IRET (1u << 12)

/* Exit reason (25.9.1). exit.c has a row for each basic reason; these few are named elsewhere. */
#define EXIT_REASON_BASIC	 0xffffu
#define EXIT_REASON_ENTRY_FAILED (1u << 31)
enum {
	REASON_EVENT = 0,
	REASON_CR = 28,
	REASON_IO = 30,
	REASON_RDMSR = 31,
	REASON_WRMSR = 32,
	REASON_BAD_GUEST_STATE = 33,
	REASON_BAD_MSR_LOAD = 34,
	REASON_MACHINE_CHECK = 41,
	REASON_EPT_VIOLATION = 48,
	REASON_EPT_MISCONFIG = 49,
};

/* Values after reset (vol. 3A, 12.12.4 and table 10-1). */
#define PAT_RESET UINT64_C(0x0007040600070406)
#define DR7_RESET UINT64_C(0x400)

#endif
