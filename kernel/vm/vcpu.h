/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU, its exits and its state, independent of the vendor.
 */
#ifndef KERNEL_VM_VCPU_H
#define KERNEL_VM_VCPU_H

#include "kernel/host/registers.h"
#include "kernel/lib/x86.h"
#include "kernel/vm/tlb.h"

#include <stddef.h>
#include <stdint.h>

enum { REG_UNKNOWN = 0xff };

/* The guest's general registers. The entry stubs know the offsets. */
struct guest_regs {
	uint64_t r[16]; /* r[REG_RSP]: a copy of the VMCS's or VMCB's, set by decode */
};

/* A segment. attr as in the VMCS: type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D 14, G 15. */
struct vcpu_segment {
	uint16_t selector;
	uint16_t attr; /* 0: unusable */
	uint32_t limit;
	uint64_t base;
};

#define SEG_ATTR_L (1u << 13)

enum { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_COUNT };

/* The initial state of a vCPU, and what reports show. */
struct vcpu_state {
	uint64_t rip, rsp, rflags;
	uint64_t cr0, cr3, cr4, efer;
	struct vcpu_segment seg[SEG_COUNT];
	uint64_t gdtr_base, idtr_base;
	uint32_t gdtr_limit, idtr_limit;
};

static inline bool vcpu_in_code64(const struct vcpu_state *s)
{
	return s->efer & EFER_LMA && s->seg[SEG_CS].attr & SEG_ATTR_L;
}

/* An event to inject. type as in VM-entry interruption information. */
enum vcpu_event_type {
	EVENT_INTERRUPT = 0,
	EVENT_NMI = 2,
	EVENT_EXCEPTION = 3,
	EVENT_SOFT_INTERRUPT = 4,
	EVENT_PRIVILEGED_SOFT_EXCEPTION = 5,
	EVENT_SOFT_EXCEPTION = 6,
};

struct vcpu_event {
	bool valid;
	bool has_error;
	uint8_t type; /* enum vcpu_event_type */
	uint8_t vector;
	uint8_t length; /* of the instruction; only for software events */
	uint32_t error;
};

/* Exceptions other than traps and aborts (SDM vol. 3A, table 6-1). They push RF set. */
static inline bool vcpu_event_is_fault(const struct vcpu_event *e)
{
	const uint32_t others = 1u << VECTOR_DB | 1u << VECTOR_BP | 1u << VECTOR_OF |
				1u << VECTOR_DF | 1u << VECTOR_MC;

	return e->type == EVENT_EXCEPTION && !(others >> e->vector & 1);
}

enum vcpu_exit_kind {
	EXIT_UNKNOWN,	   /* not expected; see .reason and .info */
	EXIT_FAULT,	   /* second-level fault */
	EXIT_MISCONFIG,	   /* hardware rejects a second-level entry */
	EXIT_HYPERCALL,
	EXIT_CPUID,
	EXIT_IO,
	EXIT_MSR,
	EXIT_CR,
	EXIT_XSETBV,
	EXIT_HLT,
	EXIT_CACHE,	   /* INVD, WBINVD: nothing to do */
	EXIT_REFUSED_INSN, /* an instruction that gets #UD */
	EXIT_EXCEPTION,	   /* an intercepted exception */
	EXIT_TRIPLE_FAULT,
	EXIT_INTERRUPT,	   /* of the host, still pending */
	EXIT_NMI,	   /* of the host, taken already; the guest may not have run at all */
	EXIT_TIMER,	   /* the time slice has expired */
	EXIT_WINDOW,	   /* the guest can take an interrupt now */
	EXIT_ENTRY_FAILED, /* the guest did not run: see describe */
	EXIT_KINDS,
};

/* The kind of access that faulted. */
enum vcpu_access { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXEC = 4 };

enum vcpu_cr_op { CR_MOV, CR_CLTS, CR_LMSW };

struct vcpu_exit {
	uint8_t kind;	/* enum vcpu_exit_kind */
	uint8_t length; /* of the instruction; 0: unknown on this CPU */
	union {
		struct {
			uint64_t gpa;
			uint8_t access; /* one of enum vcpu_access */
			bool walk;	/* the guest's page walk faulted */
			bool present;	/* an entry was present, but without the right */
		} fault;
		struct {
			uint16_t port;
			uint8_t size; /* bytes: 1, 2, 4 */
			bool in, string, rep;
		} io;
		struct {
			bool write;
		} msr;
		struct {
			uint8_t number;
			uint8_t reg; /* REG_UNKNOWN: this CPU does not report it */
			bool write;
			uint8_t op;	/* enum vcpu_cr_op */
			uint16_t source; /* LMSW */
		} cr;
		struct {
			uint8_t vector;
			uint8_t type; /* enum vcpu_event_type */
			uint32_t error;
			uint64_t address; /* #PF: the linear address */
		} exception;
	};
	uint64_t rip;	/* of the instruction that exited */
	uint64_t fetch; /* if length is 0: linear address of the instruction, */
	uint64_t cr3;	/* and the CR3 it was fetched under */
	struct vcpu_event pending; /* event whose delivery the exit interrupted */
	uint64_t reason, info1, info2; /* raw, for reports */
};

struct cpu;
struct vmm_ops;

struct vcpu {
	struct guest_regs regs; /* first: the entry stubs rely on it */
	const struct vmm_ops *ops;
	struct cpu *cpu;		 /* the CPU it is on */
	const struct tlb_context *ctx;	 /* its address space's */
	void *arch;			 /* the vendor's record */
	uint64_t cr2;
	uint8_t fx[512] __attribute__((aligned(16)));
};

#endif
