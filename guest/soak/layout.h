/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x4000
/* Data here must stay. MIXED: pages are changed in any way. PARTS: only changes after which
 * they can be merged. WHOLE: changed all at once. */
#define SOAK_KEPT 0x10000000
#define SOAK_MIXED 0
/* In MIXED: pages with the instructions that exit; they are moved most often. */
#define SOAK_BUSY 0
#define SOAK_BUSY_PAGES 8
#define SOAK_PARTS 1024
#define SOAK_WHOLE 1536
#define SOAK_KEPT_PAGES 2048
/* May be unmapped and vacated, and is zero afterwards. */
#define SOAK_LOST 0x20000000
#define SOAK_LOST_PAGES 1024
/* For each vCPU, the values that it has written; private to it. */
#define SOAK_KNOWN 0x30000000
#define SOAK_KNOWN_SIZE 0x4000
#define SOAK_VCPUS_MAX 16
/* Each vCPU's part of a page, in bytes: a number, then two functions. */
#define SOAK_SLOT 64
#define SOAK_FUNCTION 8
#define SOAK_CPUID 16
