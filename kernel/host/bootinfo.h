/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiboot2 boot information, read from untrusted bytes into a record of
 * ours. Multiboot2 specification 2.0, 3.4 to 3.6. Pure: host tests feed it.
 */
#ifndef KERNEL_HOST_BOOTINFO_H
#define KERNEL_HOST_BOOTINFO_H

#include "kernel/host/remarks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MULTIBOOT2_BOOT_MAGIC = 0x36d76289 }; /* in EAX at entry */

/* Types of memory (specification 3.6.8). */
enum { MEMORY_AVAILABLE = 1, MEMORY_ACPI = 3, MEMORY_NVS = 4 };

enum { BOOTINFO_CMDLINE_MAX = 512, BOOTINFO_LOADER_MAX = 64 };

struct bootinfo_range {
	uint64_t base, length;
	uint32_t type;
};

struct bootinfo {
	char cmdline[BOOTINFO_CMDLINE_MAX]; /* empty if there is none */
	bool cmdline_cut;		    /* it was longer */
	char loader[BOOTINFO_LOADER_MAX];
	const uint8_t *map; /* in the bytes that were parsed */
	uint32_t map_step;
	unsigned nmap; /* at least 1 */
	bool efi;
	uint64_t efi_table;   /* where the EFI system table is */
	unsigned efi_pointer; /* of how many bytes its pointers are; 0: it is not known */
	bool has_rsdp;
	uint8_t rsdp[36];
	struct remarks remarks; /* what was odd, and is done without */
};

/*
 * The total size that the information claims to have, in bytes, from its
 * first 8 bytes; 0 if no information can be that small.
 */
uint32_t bootinfo_size(const void *bytes);

/*
 * The command line's bytes in boot information that may be wrong in any way; *size: at
 * most so many. NULL: none were found.
 */
const char *bootinfo_find_cmdline(const void *bytes, size_t *size);

/*
 * Parses size bytes, of which all may be read, at an 8-byte boundary. NULL,
 * or in words what is wrong; of *info only the remarks are to be used then. One tag that is odd is
 * done without; but there must be an end, and a memory map.
 */
const char *bootinfo_parse(const void *bytes, size_t size, struct bootinfo *info);

/* Entry i < nmap of the map, as it is there. The bytes that were parsed must be, too. */
struct bootinfo_range bootinfo_range(const struct bootinfo *info, unsigned i);

#endif
