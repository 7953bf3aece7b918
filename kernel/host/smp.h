/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All CPUs. The boot CPU starts the others (smp_start.c). Each must be admitted, and then
 * sleeps until it is given work (smp.c).
 */
#ifndef KERNEL_HOST_SMP_H
#define KERNEL_HOST_SMP_H

#include "kernel/host/acpi.h"
#include "kernel/host/cpu.h"

/* Runs once on each new CPU. False: leave it out, for the reason written to error[size]. */
typedef bool smp_admit_fn(struct cpu *cpu, char *error, size_t size);

typedef void smp_fn(struct cpu *cpu, void *arg);

/*
 * On the boot CPU, once: starts the CPUs in list and logs those that do not come up or are
 * not admitted. low: memory_low. Without a working APIC on the boot CPU, list must be empty.
 */
void smp_start(struct cpu *boot, const struct acpi_cpus *list, uint64_t low, smp_admit_fn *admit);

/* The usable CPUs: smp_cpu(0) is the boot CPU; n < smp_count(). */
unsigned smp_count(void);
struct cpu *smp_cpu(unsigned n);

/* Makes another, idle CPU call fn(cpu, arg). */
void smp_run(struct cpu *cpu, smp_fn *fn, void *arg);

/* Describes a CPU's last known activity. *trace: a number that changes while it makes progress. */
typedef const char *smp_trace_fn(const struct cpu *cpu, uint64_t *trace);
void smp_set_trace(smp_trace_fn *fn);

/* Waits until the CPU is idle. Panics after 30 s (times slow=) without progress by the trace. */
void smp_wait(const struct cpu *cpu);

/* For smp_start.c: adds a CPU; and the loop that the CPU runs from then on. */
void smp_add(struct cpu *cpu);
_Noreturn void smp_work(struct cpu *cpu);

/* For a panic: stops all other CPUs for good, by NMI, whatever they do. */
void smp_stop_others(void);

#endif
