/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All CPUs. The boot CPU starts the others (smp_start.c); each passes admission, and
 * then sleeps until it is given something to do (smp.c).
 */
#ifndef KERNEL_HOST_SMP_H
#define KERNEL_HOST_SMP_H

#include "kernel/host/acpi.h"
#include "kernel/host/cpu.h"

/* Runs on a new CPU, once. False: it is left out, for the reason in error[size]. */
typedef bool smp_admit_fn(struct cpu *cpu, char *error, size_t size);

typedef void smp_fn(struct cpu *cpu, void *arg);

/*
 * Starts what the firmware lists; those that do not come up, or are not
 * admitted, are reported. low: memory_low. With the boot CPU's APIC working; else
 * list is empty, and it is the only one.
 */
void smp_start(struct cpu *boot, const struct acpi_cpus *list, uint64_t low, smp_admit_fn *admit);

/* CPUs that are there: smp_cpu(0) is the boot CPU, smp_cpu(n < smp_count()) another. */
unsigned smp_count(void);
struct cpu *smp_cpu(unsigned n);

/* Gives a CPU other than this one, that has nothing to do, something to do. */
void smp_run(struct cpu *cpu, smp_fn *fn, void *arg);

/* What was last seen of a CPU's work, in words; *trace: a number that changes while it goes on. */
typedef const char *smp_trace_fn(const struct cpu *cpu, uint64_t *trace);
void smp_set_trace(smp_trace_fn *fn);

/* Until it is done with that. */
void smp_wait(const struct cpu *cpu);

/* For smp_start.c: one more takes part; what it does from then on. */
void smp_add(struct cpu *cpu);
_Noreturn void smp_work(struct cpu *cpu);

/* For the end: makes all others stop for ever, whatever they do. */
void smp_stop_others(void);

#endif
