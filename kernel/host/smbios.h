/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of board and firmware from SMBIOS: DMTF DSP0134 3.6, 5.2 (entry points),
 * 6.1 (structures), 7.1 to 7.3. All input is untrusted. Pure, so that host tests can
 * feed it.
 */
#ifndef KERNEL_HOST_SMBIOS_H
#define KERNEL_HOST_SMBIOS_H

#include "kernel/host/firmware.h"
#include "kernel/lib/must_check.h"

#include <stddef.h>
#include <stdint.h>

enum { SMBIOS_TEXT_MAX = 64 };

/* Printable ASCII, trimmed of blanks; empty: not given. */
struct smbios {
	char vendor[SMBIOS_TEXT_MAX], version[SMBIOS_TEXT_MAX], date[SMBIOS_TEXT_MAX];
	char system_maker[SMBIOS_TEXT_MAX], system[SMBIOS_TEXT_MAX];
	char board_maker[SMBIOS_TEXT_MAX], board[SMBIOS_TEXT_MAX];
};

/*
 * efi: address of the EFI system table; pointer: bytes of a pointer in it. Both are 0 for
 * a BIOS. Returns NULL, or what is wrong; *smbios has what was parsed up to then.
 */
MUST_CHECK const char *smbios_read(uint64_t efi, unsigned pointer, firmware_see_fn *see, void *ctx,
			struct smbios *smbios);

#endif
