/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM vol. 3A, chapter 11 "Advanced Programmable Interrupt Controller". */
#include "kernel/host/lapic.h"

#include "kernel/host/mmu.h"
#include "kernel/host/msr.h"
#include "kernel/host/panic.h"
#include "kernel/host/trap.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/x86.h"

enum {
	/* Offsets in xAPIC mode; in x2APIC mode, MSR 0x800 + offset / 16. */
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SVR = 0xf0,
	APIC_ISR = 0x100, /* 8 registers, each 10h higher */
	APIC_IRR = 0x200,
	APIC_ESR = 0x280,
	APIC_LVT_CMCI = 0x2f0,
	APIC_ICR = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_PERF = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
	X2APIC_MSR_BASE = 0x800,

	/* 11.6.1 */
	ICR_FIXED = 0 << 8,
	ICR_NMI = 4 << 8,
	ICR_INIT = 5 << 8,
	ICR_STARTUP = 6 << 8,
	ICR_PENDING = 1 << 12,
	ICR_ASSERT = 1 << 14,
	ICR_DESTINATION_SHIFT = 24,
	SPINS = 1 << 20, /* polls: far more than sending takes, and immune to stolen time */

	SVR_ENABLE = 1 << 8,
	LVT_MASKED = 1 << 16,
	LVT_MODE = 7 << 8,
	LVT_NMI = 4 << 8,
	DIVIDE_BY_16 = 0x3,

	VECTOR_TIMER = 0x40,
	VECTOR_SPURIOUS = 0xff,

	CALIBRATION_TICKS = 1 << 19,
	CALIBRATIONS = 5,
};

enum { LEAF_TOPOLOGY = 0xb }; /* CPUID: EDX is the x2APIC ID, EBX is not 0 */

#define APIC_BASE_ENABLE (UINT64_C(1) << 11)
#define APIC_BASE_X2APIC (UINT64_C(1) << 10)
#define APIC_BASE_ADDR	 UINT64_C(0x000ffffffffff000)

static struct {
	bool present, x2apic;
	uint64_t base; /* physical, the same on all CPUs */
	volatile uint32_t *registers;
	uint64_t tsc_per_count; /* 24.8 fixed point, with the divider in force */
} lapic;

static uint32_t apic_read(unsigned offset)
{
	if (lapic.x2apic)
		return (uint32_t)rdmsr(X2APIC_MSR_BASE + offset / 16);
	return lapic.registers[offset / 4];
}

static void apic_write(unsigned offset, uint32_t v)
{
	if (lapic.x2apic)
		wrmsr(X2APIC_MSR_BASE + offset / 16, v);
	else
		lapic.registers[offset / 4] = v;
}

bool lapic_is_x2apic(void)
{
	return lapic.x2apic;
}

uint32_t lapic_id(void)
{
	uint32_t id;

	if (!lapic.registers && !lapic.x2apic)
		return 0;
	id = apic_read(APIC_ID);
	return lapic.x2apic ? id : id >> ICR_DESTINATION_SHIFT;
}

static void send(uint32_t apic_id, uint32_t what)
{
	if (lapic.x2apic) {
		/* Unlike a store to the xAPIC register, this WRMSR is not serializing: 11.12.3. */
		__asm__ volatile("mfence; lfence" : : : "memory");
		wrmsr(X2APIC_MSR_BASE + APIC_ICR / 16, (uint64_t)apic_id << 32 | what);
		return;
	}
	apic_write(APIC_ICR_HIGH, apic_id << ICR_DESTINATION_SHIFT);
	apic_write(APIC_ICR, what);
	for (unsigned i = 0; i < SPINS && (apic_read(APIC_ICR) & ICR_PENDING); i++)
		cpu_pause();
}

void lapic_send_init(uint32_t apic_id)
{
	send(apic_id, ICR_INIT | ICR_ASSERT);
}

void lapic_send_startup(uint32_t apic_id, uint64_t low)
{
	send(apic_id, ICR_STARTUP | ICR_ASSERT | (uint32_t)(low >> PAGE_SHIFT));
}

void lapic_send_fixed(uint32_t apic_id, uint8_t vector)
{
	send(apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void lapic_send_nmi(uint32_t apic_id)
{
	send(apic_id, ICR_NMI | ICR_ASSERT);
}

/* For our vectors and any that the firmware left: nothing to do but EOI. */
static void acknowledge(void)
{
	if (lapic.registers || lapic.x2apic)
		apic_write(APIC_EOI, 0);
}

/* Needs no EOI (11.9). */
static void spurious_interrupt(void)
{
}

/* TSC ticks per count, 24.8 fixed point; 0: the timer does not count. */
static uint64_t measure(void)
{
	uint64_t start = rdtsc(), ticks;
	uint32_t counts;

	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
	while (rdtsc() - start < CALIBRATION_TICKS)
		cpu_pause();
	counts = UINT32_MAX - apic_read(APIC_TIMER_CURRENT);
	ticks = rdtsc() - start;
	apic_write(APIC_TIMER_INITIAL, 0);
	return counts ? (ticks << 8) / counts : 0;
}

/* Take the minimum: a CPU that is stopped before the timer starts, or after it is read,
 * makes a measurement too large. */
static void calibrate(void)
{
	lapic.tsc_per_count = measure();
	for (unsigned i = 1; i < CALIBRATIONS; i++) {
		uint64_t again = measure();

		if (again < lapic.tsc_per_count)
			lapic.tsc_per_count = again;
	}
}

bool lapic_is_pending(uint8_t vector)
{
	return apic_read(APIC_IRR + vector / 32u * 0x10) >> vector % 32 & 1;
}

static bool in_service(void)
{
	uint32_t any = 0;

	for (unsigned i = 0; i < 8; i++)
		any |= apic_read(APIC_ISR + i * 0x10);
	return any;
}

/* Each EOI ends the highest one in service (10.8.5), which blocks all lower vectors. */
static void end_services(void)
{
	for (unsigned i = 0; i < 256 && in_service(); i++)
		apic_write(APIC_EOI, 0);
}

/* Masks each LVT entry that this APIC has (version bits 23:16: the highest one). NMI entries
 * stay, since hardware reports errors by them; except the performance counters'. */
static void mask_lvt(void)
{
	static const struct {
		unsigned entry, reg;
	} all[] = { { 2, APIC_LVT_LINT0 }, { 2, APIC_LVT_LINT1 },   { 3, APIC_LVT_ERROR },
		    { 4, APIC_LVT_PERF },  { 5, APIC_LVT_THERMAL }, { 6, APIC_LVT_CMCI } };
	unsigned highest = apic_read(APIC_VERSION) >> 16 & 0xff;

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		uint32_t value = all[i].entry <= highest ? apic_read(all[i].reg) : LVT_MASKED;

		if (!(value & LVT_MASKED) &&
		    ((value & LVT_MODE) != LVT_NMI || all[i].reg == APIC_LVT_PERF))
			apic_write(all[i].reg, LVT_MASKED);
	}
}

/* Sets up this CPU's APIC, whatever the firmware left: a task priority that blocks our
 * vectors, or an interrupt still in service. */
static void set_up(void)
{
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	if (FAULT(APIC_LEFT) || FAULT(TPR_KEPT)) /* a deliberate firmware bug */
		apic_write(APIC_TPR, 0xff);
	if (!FAULT(TPR_KEPT))
		apic_write(APIC_TPR, 0);
	mask_lvt();
	end_services();
	apic_write(APIC_ESR, 0);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
}

uint32_t lapic_initial_id(void)
{
	struct cpuid_regs r = { 0 };

	if (cpuid(0, 0).eax >= LEAF_TOPOLOGY)
		r = cpuid(LEAF_TOPOLOGY, 0);
	return r.ebx ? r.edx : cpuid(1, 0).ebx >> ICR_DESTINATION_SHIFT;
}

/* Verify the write: on some CPUs a disabled APIC stays disabled until reset. */
static bool set_base(uint64_t base)
{
	uint64_t seen;

	return msr_write_safe(MSR_APIC_BASE, base) && msr_read_safe(MSR_APIC_BASE, &seen) &&
	       !((seen ^ base) & (APIC_BASE_ENABLE | APIC_BASE_X2APIC | APIC_BASE_ADDR));
}

/*
 * Switches to the wanted mode from any mode: 11.12.5, figure 11-25. x2APIC mode can only be
 * entered from xAPIC mode, and only be left for "disabled".
 */
static bool switch_mode(uint64_t base, bool x2apic, uint64_t addr)
{
	uint64_t off = (base & ~(APIC_BASE_ENABLE | APIC_BASE_X2APIC | APIC_BASE_ADDR)) | addr;
	bool was_x2apic = base & APIC_BASE_X2APIC, was_on = base & APIC_BASE_ENABLE;

	if (was_on && was_x2apic == x2apic && (base & APIC_BASE_ADDR) == addr)
		return true;
	if (was_x2apic && !set_base(off))
		return false;
	if (!set_base(off | APIC_BASE_ENABLE))
		return false;
	return !x2apic || set_base(off | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
}

const char *lapic_enable(void)
{
	uint64_t base;

	if (!msr_read_safe(MSR_APIC_BASE, &base))
		return "it has no local APIC";
	if (FAULT(AP_APIC_OFF)) {
		wrmsr(MSR_APIC_BASE, base & ~APIC_BASE_ENABLE);
		base = rdmsr(MSR_APIC_BASE);
	}
	if (FAULT(AP_X2APIC)) {
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
		base = rdmsr(MSR_APIC_BASE);
	}
	if (!switch_mode(base, lapic.x2apic, lapic.base))
		return lapic.x2apic ? "its local APIC cannot be switched to x2APIC mode" :
				      "its local APIC cannot be switched to xAPIC mode";
	set_up();
	return NULL;
}

const char *lapic_init(void)
{
	uint64_t base;

	for (unsigned v = VECTOR_FIRST_FREE; v < VECTOR_SPURIOUS; v++)
		trap_set_handler((uint8_t)v, acknowledge);
	trap_set_handler(VECTOR_SPURIOUS, spurious_interrupt);
	if (!msr_read_safe(MSR_APIC_BASE, &base))
		return "there is no local APIC";
	if (FAULT(BOOT_X2APIC)) {
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
		base = rdmsr(MSR_APIC_BASE);
	}
	lapic.base = base & APIC_BASE_ADDR;
	lapic.x2apic = (base & APIC_BASE_ENABLE) && (base & APIC_BASE_X2APIC);
	if (!switch_mode(base, lapic.x2apic, lapic.base))
		return "the local APIC is switched off, and stays so; enable it in the firmware's "
		       "setup";
	if (!lapic.x2apic) {
		mmu_map_device(lapic.base, PAGE_SIZE);
		lapic.registers = (volatile uint32_t *)lapic.base;
	}
	set_up();
	calibrate();
	if (!lapic.tsc_per_count)
		return "the local APIC's timer does not count";
	lapic.present = true;
	interrupts_take_pending();
	return 0;
}

void lapic_timer_arm(uint64_t ticks)
{
	uint64_t counts = ticks;

	if (!lapic.present)
		return;
	if (ticks) {
		counts = ticks > UINT64_MAX >> 8 ? UINT32_MAX : (ticks << 8) / lapic.tsc_per_count;
		counts = counts > UINT32_MAX ? UINT32_MAX : counts ? counts : 1;
	}
	apic_write(APIC_TIMER_INITIAL, (uint32_t)counts);
}
