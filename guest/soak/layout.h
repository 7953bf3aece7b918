/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
/* What is written here must stay, whatever is done to it: to pages of MIXED anything,
 * to those of PARTS what leaves them one run of memory, to WHOLE all at once. */
#define SOAK_KEPT 0x10000000
#define SOAK_MIXED 0
/* Of these: where instructions exit, and what is moved most often. */
#define SOAK_BUSY 0
#define SOAK_BUSY_PAGES 8
#define SOAK_PARTS 1024
#define SOAK_WHOLE 1536
#define SOAK_KEPT_PAGES 2048
/* This may be unmapped and vacated, and is zero again then. */
#define SOAK_LOST 0x20000000
#define SOAK_LOST_PAGES 1024
/* What each vCPU knows to have written, and nobody else touches. */
#define SOAK_KNOWN 0x30000000
#define SOAK_KNOWN_SIZE 0x4000
#define SOAK_VCPUS_MAX 16
/* Each vCPU's part of a page, in bytes: a number, and two functions behind it. */
#define SOAK_SLOT 64
#define SOAK_FUNCTION 8
#define SOAK_CPUID 16
