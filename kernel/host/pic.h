/* SPDX-License-Identifier: BSD-2-Clause */
/* Silences the interrupt controllers that nestbox does not use. */
#ifndef KERNEL_HOST_PIC_H
#define KERNEL_HOST_PIC_H

#include "kernel/host/acpi_devices.h"

/* Moves both 8259s off the exception vectors and masks them. */
void pic_silence(void);

/* Masks all entries except SMI and NMI. After memory_init. */
void ioapic_silence(const struct acpi_ioapics *ioapics);

#endif
