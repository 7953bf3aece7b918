/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU, its exits and its state, in words that no vendor owns.
 */
#ifndef KERNEL_VM_VCPU_H
#define KERNEL_VM_VCPU_H

#include "kernel/host/registers.h"
#include "kernel/vm/tlb.h"
#include "kernel/lib/x86.h"

#include <stddef.h>
#include <stdint.h>

enum { REG_UNKNOWN = 0xff };

/* The guest's general registers; the entry stubs know the offsets. */
struct guest_regs {
	uint64_t r[16]; /* r[REG_RSP] is filled by decode, and written by set_state only */
};

/* A segment register. attr as in a VMCS: type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D 14, G 15. */
struct vcpu_segment {
	uint16_t selector;
	uint16_t attr; /* 0: unusable */
	uint32_t limit;
	uint64_t base;
};

#define SEG_ATTR_L (1u << 13)

enum { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_COUNT };

/* All that a vCPU starts with, and that a report shows. */
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

/* An event on its way into the guest. type as in VM-entry interruption information. */
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
	uint8_t length; /* of the instruction, for the soft ones */
	uint32_t error;
};

/* Of exceptions that are not traps (SDM vol. 3A, table 6-1): RF is set in what is pushed. */
static inline bool vcpu_event_is_fault(const struct vcpu_event *e)
{
	const uint32_t others = 1u << VECTOR_DB | 1u << VECTOR_BP | 1u << VECTOR_OF |
				1u << VECTOR_DF | 1u << VECTOR_MC;

	return e->type == EVENT_EXCEPTION && !(others >> e->vector & 1);
}

enum vcpu_exit_kind {
	EXIT_UNKNOWN,	   /* nobody expects it; described by .reason and .info */
	EXIT_FAULT,	   /* second-level fault */
	EXIT_MISCONFIG,	   /* hardware refuses one of our second-level entries */
	EXIT_HYPERCALL,
	EXIT_CPUID,
	EXIT_IO,
	EXIT_MSR,
	EXIT_CR,
	EXIT_XSETBV,
	EXIT_HLT,
	EXIT_CACHE,	   /* INVD, WBINVD: nothing to do */
	EXIT_REFUSED_INSN, /* an instruction that we answer with #UD */
	EXIT_EXCEPTION,	   /* one that is intercepted */
	EXIT_TRIPLE_FAULT,
	EXIT_INTERRUPT,	   /* the host's; pending for the host to take */
	EXIT_NMI,	   /* the host's; taken already, and the guest may not have run at all */
	EXIT_TIMER,	   /* the slice that was armed is over */
	EXIT_WINDOW,	   /* the guest can take an interrupt now */
	EXIT_ENTRY_FAILED, /* the guest did not run: see describe */
	EXIT_KINDS,
};

/* How a fault touched memory. */
enum vcpu_access { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXEC = 4 };

enum vcpu_cr_op { CR_MOV, CR_CLTS, CR_LMSW };

struct vcpu_exit {
	uint8_t kind;	/* enum vcpu_exit_kind */
	uint8_t length; /* of the instruction; 0: this CPU does not say */
	union {
		struct {
			uint64_t gpa;
			uint8_t access; /* one of enum vcpu_access */
			bool walk;	/* by the guest's own page walk */
			bool present;	/* an entry was there, and lacked the right */
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
			uint8_t reg; /* REG_UNKNOWN: this CPU does not say */
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
	uint64_t fetch; /* where length is 0: its linear address, and the CR3 that it */
	uint64_t cr3;	/* was fetched under */
	struct vcpu_event pending; /* was being delivered when the exit came */
	uint64_t reason, info1, info2; /* raw, for reports */
};

struct cpu;
struct vmm_ops;

struct vcpu {
	struct guest_regs regs; /* first: the entry stubs count on it */
	const struct vmm_ops *ops;
	struct cpu *cpu;		 /* that it runs on */
	const struct tlb_context *ctx;	 /* of its address space */
	void *arch;			 /* the vendor's part */
	uint64_t cr2;
	uint8_t fx[512] __attribute__((aligned(16)));
};

#endif
