/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parser for the multiboot2 boot information. Multiboot2 specification 2.0, 3.4 to
 * 3.6. The input is untrusted. Pure, so that host tests can feed it.
 */
#ifndef KERNEL_HOST_BOOTINFO_H
#define KERNEL_HOST_BOOTINFO_H

#include "kernel/host/remarks.h"
#include "kernel/lib/must_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MULTIBOOT2_BOOT_MAGIC = 0x36d76289 }; /* in EAX at entry */

/* Memory types (specification 3.6.8). */
enum { MEMORY_AVAILABLE = 1, MEMORY_ACPI = 3, MEMORY_NVS = 4 };

enum { BOOTINFO_CMDLINE_MAX = 512, BOOTINFO_LOADER_MAX = 64 };

struct bootinfo_range {
	uint64_t base, length;
	uint32_t type;
};

struct bootinfo {
	char cmdline[BOOTINFO_CMDLINE_MAX]; /* empty if there is none */
	bool cmdline_cut;		    /* it was longer, and was truncated */
	char loader[BOOTINFO_LOADER_MAX];
	const uint8_t *map; /* points into the parsed bytes */
	uint32_t map_step;  /* bytes from one entry to the next */
	unsigned nmap;	    /* at least 1 */
	bool efi;
	uint64_t efi_table;   /* address of the EFI system table */
	unsigned efi_pointer; /* bytes of a pointer in it; 0: unknown */
	bool has_rsdp;
	uint8_t rsdp[36];
	struct remarks remarks; /* oddities that were ignored */
};

/*
 * The size in bytes that the information claims to have. Reads its first 8 bytes.
 * Returns 0 if that size is impossibly small.
 */
uint32_t bootinfo_size(const void *bytes);

/*
 * Finds the command line in boot information that may be malformed in any way. *size is
 * the number of readable bytes, and becomes an upper bound of the line's length. NULL: none.
 */
const char *bootinfo_find_cmdline(const void *bytes, size_t *size);

/*
 * Parses size readable bytes, 8-byte aligned. Returns NULL, or what is wrong; then only
 * info->remarks may be used. A tag with odd contents is cut or skipped. A tag of
 * impossible size, or a missing end tag or memory map, is an error.
 */
MUST_CHECK const char *bootinfo_parse(const void *bytes, size_t size, struct bootinfo *info);

/* Entry i < nmap of the memory map, unchecked. Reads the parsed bytes, which must still exist. */
struct bootinfo_range bootinfo_range(const struct bootinfo *info, unsigned i);

#endif
