/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
/* What is written here must stay, whatever is done to it. */
#define SHOOT_KEPT 0x10000000
#define SHOOT_KEPT_PAGES 1024
/* This may be unmapped, and is zero again then. */
#define SHOOT_LOST 0x20000000
#define SHOOT_LOST_PAGES 512
/* What each vCPU knows to have written, and nobody else touches. */
#define SHOOT_KNOWN 0x30000000
#define SHOOT_KNOWN_SIZE 0x2000
#define SHOOT_VCPUS_MAX 16
/* Each vCPU's part of a page, in bytes. */
#define SHOOT_SLOT 64
