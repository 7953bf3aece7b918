/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/lib/fault.h"

#include "kernel/host/cpu.h"
#include "kernel/host/lapic.h"
#include "kernel/host/panic.h"
#include "kernel/host/trap.h"
#include "kernel/lib/x86.h"

#include <stdint.h>

enum { VECTOR = 0x50 };
_Static_assert((int)VECTOR != (int)LAPIC_VECTOR_WAKE && (int)VECTOR != (int)LAPIC_VECTOR_KICK,
	       "unused");

extern char text_start[];

/* Prevents a tail call, so that the caller appears in the backtrace. */
static void barrier(void)
{
	__asm__ volatile("");
}

/* Hides a value from the optimizer. */
static uintptr_t opaque(uintptr_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

static __attribute__((noinline)) void write_to(uintptr_t address)
{
	*(volatile uint32_t *)opaque(address) = 1;
}

static __attribute__((noinline)) void call(uintptr_t address)
{
	((void (*)(void))opaque(address))();
	barrier();
}

static __attribute__((noinline)) void compare_wrongly(void)
{
	ASSERT_EQ(opaque(0x1234), opaque(0x5678));
}

static __attribute__((noinline)) void recurse(unsigned depth)
{
	if (opaque(1))
		recurse(depth + 1);
	barrier();
}

static __attribute__((noinline)) void lose_itself(void)
{
	wrmsr(MSR_GS_BASE, 0);
	this_cpu()->nmis++;
	barrier();
}

static void interrupted(void)
{
	panic("inside of an interrupt");
}

static __attribute__((noinline)) void interrupt(void)
{
	trap_set_handler(VECTOR, interrupted);
	__asm__ volatile("int %0" : : "i"(VECTOR) : "memory");
}

void fault_host(void)
{
	static uint8_t ret[] = { 0xc3 }; /* a RET instruction, in a page that must be NX */

	if (FAULT(HOST_ASSERT))
		compare_wrongly();
	if (FAULT(HOST_CALL_NULL))
		call(0);
	if (FAULT(HOST_EXEC))
		call((uintptr_t)ret);
	if (FAULT(HOST_GS))
		lose_itself();
	if (FAULT(HOST_INTERRUPT))
		interrupt();
	if (FAULT(HOST_NULL))
		write_to(0);
	if (FAULT(HOST_STACK))
		recurse(0);
	if (FAULT(HOST_WRITE_TEXT))
		write_to((uintptr_t)text_start);
	barrier();
}
