/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Board and firmware, as SMBIOS names them: DMTF DSP0134 3.6, 5.2 (entry points),
 * 6.1 (structures), 7.1 to 7.3. All of it is untrusted bytes. Pure: host tests
 * feed it.
 */
#ifndef KERNEL_HOST_SMBIOS_H
#define KERNEL_HOST_SMBIOS_H

#include "kernel/host/firmware.h"

#include <stddef.h>
#include <stdint.h>

enum { SMBIOS_TEXT_MAX = 64 };

/* Printable ASCII without blanks at its ends; empty: not given. */
struct smbios {
	char vendor[SMBIOS_TEXT_MAX], version[SMBIOS_TEXT_MAX], date[SMBIOS_TEXT_MAX];
	char system_maker[SMBIOS_TEXT_MAX], system[SMBIOS_TEXT_MAX];
	char board_maker[SMBIOS_TEXT_MAX], board[SMBIOS_TEXT_MAX];
};

/*
 * efi: where the EFI system table is, and of how many bytes its pointers are; 0, 0: the
 * firmware is a BIOS. NULL, or what is wrong, in words; *smbios has what could
 * be understood till then.
 */
const char *smbios_read(uint64_t efi, unsigned pointer, firmware_see_fn *see, void *ctx,
			struct smbios *smbios);

#endif
