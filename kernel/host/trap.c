/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/trap.h"

#include "kernel/host/backtrace.h"
#include "kernel/host/cpu.h"
#include "kernel/host/mce.h"
#include "kernel/host/panic.h"
#include "kernel/host/trap_frame.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/x86.h"

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

_Static_assert(sizeof(struct gate) == 16, "SDM vol. 3A, 6.14.1");

enum { VECTORS = 256, GATE_INTERRUPT = 0x8e };

/* An instruction that may fault, and where to continue then. */
struct fixup {
	uint64_t rip, to;
};

extern const uint64_t isr_stubs[VECTORS];
extern const char smp_sleeping[], smp_awake[]; /* smp.c: around the HLT */
extern const struct fixup fixups_start[], fixups_end[];

/* With emergency stacks, and without. */
static struct gate idt[VECTORS] __attribute__((aligned(16)));
static struct gate plain_idt[VECTORS] __attribute__((aligned(16)));
static interrupt_fn *handlers[VECTORS];
static bool stops_on_nmi;
static struct {
	uint64_t start, size, to;
} nmi_abort_range;

static const char *const names[] = {
	"#DE divide error", "#DB debug", "NMI", "#BP breakpoint", "#OF overflow",
	"#BR bound range", "#UD invalid opcode", "#NM no FPU", "#DF double fault",
	"coprocessor overrun", "#TS invalid TSS", "#NP segment not present",
	"#SS stack fault", "#GP general protection", "#PF page fault", "15",
	"#MF FPU error", "#AC alignment check", "#MC machine check", "#XM SIMD error",
	"#VE virtualization", "#CP control protection",
};

void trap_init(void)
{
	for (unsigned v = 0; v < VECTORS; v++) {
		uint64_t to = isr_stubs[v];

		idt[v] = (struct gate){
			.offset_low = (uint16_t)to,
			.selector = SEL_CODE,
			.ist = v == VECTOR_DF ? TRAP_STACK_DF :
			       v == VECTOR_NMI ? TRAP_STACK_NMI :
			       v == VECTOR_MC ? TRAP_STACK_MC : 0,
			.type = GATE_INTERRUPT,
			.offset_mid = (uint16_t)(to >> 16),
			.offset_high = (uint32_t)(to >> 32),
		};
		plain_idt[v] = idt[v];
		plain_idt[v].ist = 0;
	}
}

uint64_t trap_idt_base(void)
{
	return (uintptr_t)idt;
}

static void load(const struct gate *table)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) p = { sizeof(idt) - 1, (uintptr_t)table };

	__asm__ volatile("lidt %0" : : "m"(p));
}

void trap_load(void)
{
	load(idt);
}

void trap_load_plain(void)
{
	load(plain_idt);
}

void trap_set_handler(uint8_t vector, interrupt_fn *fn)
{
	ASSERT(vector >= VECTOR_FIRST_FREE);
	handlers[vector] = fn;
}

const char *trap_name(unsigned vector)
{
	return vector < sizeof(names) / sizeof(names[0]) ? names[vector] :
							   "an interrupt nobody asked for";
}

/* Error code bits: SDM vol. 3A, 4.7. */
static void explain_page_fault(const struct trap_frame *f)
{
	uint64_t address = read_cr2();
	const char *what = what_is_at(address);

	panic_say(": %s at 0x%lx: %s%s%s",
		     f->error & 16 ? "fetch" : f->error & 2 ? "write" : "read",
		     (unsigned long)address, what ? what : "", what ? ", " : "",
		     f->error & 8 ? "a reserved bit is set" :
		     f->error & 1 ? "the page lacks the right" : "nothing is mapped there");
}

/*
 * A page fault on a guard page cannot be delivered on the same stack: it becomes a double
 * fault.
 */
static _Noreturn void unexpected(const struct trap_frame *f)
{
	panic_begin();
	panic_say("exception %lu (%s)", (unsigned long)f->vector,
		     trap_name((unsigned)f->vector));
	if (f->vector == VECTOR_PF)
		explain_page_fault(f);
	else if (f->error)
		panic_say(", error code 0x%lx", (unsigned long)f->error);
	if (f->vector == VECTOR_DF && is_stack_guard(read_cr2()))
		panic_say(": stack overflow: 0x%lx is in the guard page below a stack",
			     (unsigned long)read_cr2());
	panic_end(f, false);
}

static bool fix_up(struct trap_frame *f)
{
	for (const struct fixup *x = fixups_start; (uintptr_t)x < (uintptr_t)fixups_end; x++)
		if (x->rip == f->rip) {
			f->rip = x->to;
			return true;
		}
	return false;
}

void trap_stop_on_nmi(void)
{
	__atomic_store_n(&stops_on_nmi, true, __ATOMIC_RELEASE);
}

static nmi_fn_t *nmi_fn;

void trap_set_nmi_handler(nmi_fn_t *fn)
{
	nmi_fn = fn;
}

void trap_set_nmi_abort_range(const char *start, const char *end, const char *to)
{
	nmi_abort_range.start = (uintptr_t)start;
	nmi_abort_range.size = (uint64_t)(end - start);
	nmi_abort_range.to = (uintptr_t)to;
}

/*
 * IRET from an NMI in STI's shadow returns to HLT without the shadow. A wake-up interrupt
 * would then be delivered before HLT and be lost, so no handler returns to that HLT.
 */
static void leave_sleep(struct trap_frame *f)
{
	if (f->rip == (uintptr_t)smp_sleeping && !FAULT(WAKE_LOST))
		f->rip = (uintptr_t)smp_awake;
}

/*
 * An NMI means that the hardware reports an error, that a debug button was pressed (on some
 * machines), that another CPU wants this one to leave its guest, or that another CPU stops
 * this one at the end.
 */
static void on_nmi(struct trap_frame *f)
{
	if (nmi_fn)
		nmi_fn(this_cpu());
	__atomic_store_n(&this_cpu()->nmi_seen, 1, __ATOMIC_RELAXED);
	if (f->rip - nmi_abort_range.start < nmi_abort_range.size && !FAULT(NMI_RANGE))
		f->rip = nmi_abort_range.to;
	while (__atomic_load_n(&stops_on_nmi, __ATOMIC_ACQUIRE))
		__asm__ volatile("cli; hlt");
}

void trap_entry(struct trap_frame *f)
{
	leave_sleep(f);
	if (f->vector == VECTOR_NMI) {
		on_nmi(f);
		return;
	}
	if (handlers[f->vector]) {
		handlers[f->vector]();
		return;
	}
	if (f->vector == VECTOR_GP && fix_up(f))
		return;
	if (f->vector == VECTOR_MC)
		mce_stop();
	unexpected(f);
}
