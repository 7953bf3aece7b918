/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define COST_BASE 0x200000
#define COST_PAGES 1024
#define COST_SPANS 2
#define COST_ROUNDS 1024
#define COST_VALUE_CPUID 0
#define COST_VALUE_PAGE 1
