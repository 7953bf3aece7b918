/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM vol. 3B, 16.3 (registers), 16.8 (initialization). */
#include "kernel/host/mce.h"

#include "kernel/host/clock.h"
#include "kernel/host/cpu.h"
#include "kernel/host/cpu_raw.h"
#include "kernel/host/msr.h"
#include "kernel/host/panic.h"
#include "kernel/host/trap.h"
#include "kernel/host/trap_frame.h"
#include "kernel/lib/log.h"
#include "kernel/lib/x86.h"

enum {
	MCG_CAP = 0x179,
	MCG_STATUS = 0x17a,
	MCG_CTL = 0x17b,
	MCG_CAP_COUNT = 0xff,
	MCG_CAP_CTL_P = 1 << 8,
	MC0_CTL = 0x400, /* then STATUS, ADDR, MISC; bank i's are at +4 * i */
	BANK_MSRS = 4,
	STATUS = 1,
	ADDR = 2,

	WORDS = 192,
	OTHERS_US = 100000, /* for the CPU with the error to report it */
};

#define STATUS_VAL   (UINT64_C(1) << 63)
#define STATUS_ADDRV (UINT64_C(1) << 58)

static uint32_t msr_of(unsigned bank, unsigned which)
{
	return MC0_CTL + BANK_MSRS * bank + which;
}

static unsigned count_banks(uint64_t *cap)
{
	struct cpuid_regs leaf1 = cpuid(1, 0);

	*cap = 0;
	if (!(leaf1.edx & CPUID_1_EDX_MCA) || !msr_read_safe(MCG_CAP, cap))
		return 0;
	return (unsigned)(*cap & MCG_CAP_COUNT);
}

/* Logs the bank's error. Returns false if it has none. */
static bool say_bank(unsigned bank, const char *when)
{
	char words[WORDS];
	uint64_t status, address;

	if (!msr_read_safe(msr_of(bank, STATUS), &status) || !(status & STATUS_VAL))
		return false;
	mce_words(bank, status, words, sizeof(words));
	if (status & STATUS_ADDRV && msr_read_safe(msr_of(bank, ADDR), &address))
		note("%s, CPU %u, %s, address 0x%lx", when, this_cpu()->number, words,
		     (unsigned long)address);
	else
		note("%s, CPU %u, %s", when, this_cpu()->number, words);
	return true;
}

/* Errors left from before nestbox started would be taken for new ones later. */
void mce_init(void)
{
	uint64_t cap;
	unsigned n = count_banks(&cap);

	if (!(cpuid(1, 0).edx & CPUID_1_EDX_MCE))
		return;
	if (cap & MCG_CAP_CTL_P)
		msr_write_safe(MCG_CTL, UINT64_MAX);
	for (unsigned i = 0; i < n; i++) {
		say_bank(i, "hardware error of before");
		msr_write_safe(msr_of(i, 0), UINT64_MAX);
		msr_write_safe(msr_of(i, STATUS), 0);
	}
	write_cr4(read_cr4() | CR4_MCE);
}

static bool say_banks(void)
{
	uint64_t cap;
	unsigned n = count_banks(&cap);
	bool any = false;

	for (unsigned i = 0; i < n; i++)
		any |= say_bank(i, "machine check");
	return any;
}

static bool has_error(void)
{
	uint64_t cap, status;
	unsigned n = count_banks(&cap);

	for (unsigned i = 0; i < n; i++)
		if (msr_read_safe(msr_of(i, STATUS), &status) && status & STATUS_VAL)
			return true;
	return false;
}

/*
 * On Intel all CPUs get the machine check, and usually one has the error: the others wait,
 * so that it panics first. Clear MCG_STATUS.MCIP, or the next machine check would reset the
 * machine.
 */
_Noreturn void mce_stop(void)
{
	const uint64_t *rbp = __builtin_frame_address(0);
	struct trap_frame frame = { .rip = rbp[1], .rsp = (uintptr_t)(rbp + 2) };

	frame.r[TRAP_RBP] = rbp[0];
	interrupts_off();
	if (!has_error())
		clock_wait(OTHERS_US);
	msr_write_safe(MCG_STATUS, 0);
	panic_begin();
	if (!say_banks())
		note("machine check: no bank of CPU %u holds an error", this_cpu()->number);
	panic_say(
		"machine check: hardware of this machine is broken, or a hypervisor below says "
		"so; it is no bug of nestbox's: see the lines above, the firmware's event "
		"log, memory and cooling");
	panic_end(&frame, true);
}
