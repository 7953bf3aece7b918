/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/poweroff.h"

#include "kernel/lib/console.h"
#include "kernel/lib/x86.h"

/*
 * QEMU's isa-debug-exit ends the process with status (value << 1) | 1. Bochs's iodebug
 * device breaks into the debugger, whose script quits with status 0; its shutdown port
 * ends the process with status 1.
 */
enum {
	QEMU_EXIT_PORT = 0xf4,
	QEMU_PASS = 0x10,
	BOCHS_IODEBUG_PORT = 0x8a00,
	BOCHS_IODEBUG_ENABLE = 0x8a00,
	BOCHS_IODEBUG_BREAK = 0x8ae0,
	BOCHS_SHUTDOWN_PORT = 0x8900,
};

static void bochs_exit(enum verdict verdict)
{
	if (verdict == VERDICT_PASS) {
		outw(BOCHS_IODEBUG_PORT, BOCHS_IODEBUG_ENABLE);
		outw(BOCHS_IODEBUG_PORT, BOCHS_IODEBUG_BREAK);
	}
	for (const char *s = "Shutdown"; *s; s++)
		outb(BOCHS_SHUTDOWN_PORT, (uint8_t)*s);
}

_Noreturn void poweroff(enum machine_exit how, enum verdict verdict)
{
	console_drain();
	if (how == MACHINE_QEMU)
		outb(QEMU_EXIT_PORT, (uint8_t)(QEMU_PASS + verdict));
	else if (how == MACHINE_BOCHS)
		bochs_exit(verdict);
	for (;;)
		__asm__ volatile("cli; hlt");
}
