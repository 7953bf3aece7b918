/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/msr.h"

#include "kernel/host/trap.h"

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
	uint32_t lo = 0, hi = 0, ok = 0;

	__asm__ volatile("1: rdmsr\n\t"
			 "movl $1, %2\n"
			 "2:\n\t" TRAP_FIXUP("1b", "2b")
			 : "+a"(lo), "+d"(hi), "+r"(ok)
			 : "c"(msr));
	*value = ok ? (uint64_t)hi << 32 | lo : 0;
	return ok;
}

bool msr_write_safe(uint32_t msr, uint64_t value)
{
	uint32_t ok = 0;

	__asm__ volatile("1: wrmsr\n\t"
			 "movl $1, %0\n"
			 "2:\n\t" TRAP_FIXUP("1b", "2b")
			 : "+r"(ok)
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
	return ok;
}
