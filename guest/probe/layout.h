/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x7000
#define PROBE_STACK 0x400000
/* Counts of exits. Some CPUs handle refused and ignored instructions without an exit. */
#define PROBE_CPUIDS 28
#define PROBE_CRS 29
#define PROBE_CRS_REFUSED 69
#define PROBE_CR4_READS 134
#define PROBE_MSRS 131
#define PROBE_REFUSED 29
#define PROBE_XSETBVS_REFUSED 1
#define PROBE_IOS 11
