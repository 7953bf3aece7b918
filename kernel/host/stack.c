/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/stack.h"

#include "kernel/host/acpi.h"
#include "kernel/host/panic.h"

extern struct guarded_stack stacks_start[];
extern char stacks_end[];

/* One entry per other CPU. */
static struct {
	struct guarded_stack *first;
	unsigned count;
} added[ACPI_CPUS_MAX];
static unsigned nadded;

void stacks_add(struct guarded_stack *first, unsigned count)
{
	ASSERT(nadded < ACPI_CPUS_MAX);
	added[nadded].first = first;
	added[nadded].count = count;
	nadded++;
}

void stacks_drop(void)
{
	ASSERT(nadded);
	nadded--;
}

static unsigned count_static(void)
{
	return (unsigned)(((uintptr_t)stacks_end - (uintptr_t)stacks_start) /
			  sizeof(struct guarded_stack));
}

struct guarded_stack *stack_nth(unsigned n)
{
	if (n < count_static())
		return &stacks_start[n];
	n -= count_static();
	for (unsigned i = 0; i < nadded; i++) {
		if (n < added[i].count)
			return &added[i].first[n];
		n -= added[i].count;
	}
	return NULL;
}

const struct guarded_stack *stack_at(uint64_t address)
{
	const struct guarded_stack *s;

	for (unsigned n = 0; (s = stack_nth(n)); n++)
		if (address - (uintptr_t)s < sizeof(*s))
			return s;
	return NULL;
}
