/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controllers that nestbox has no use for: it makes them silent. */
#ifndef KERNEL_HOST_PIC_H
#define KERNEL_HOST_PIC_H

#include "kernel/host/acpi_devices.h"

/* Two 8259: away from the exceptions' vectors, and masked. */
void pic_silence(void);

/* After memory_init. What the firmware needs for itself (SMI) stays. */
void ioapic_silence(const struct acpi_ioapics *ioapics);

#endif
