/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends the machine at the end of a run: docs/running.md, "How a run ends". */
#ifndef KERNEL_HOST_POWEROFF_H
#define KERNEL_HOST_POWEROFF_H

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_REFUSED };

/* exit= on the command line. */
enum machine_exit { MACHINE_HALT, MACHINE_QEMU, MACHINE_BOCHS };

/* Drains the console and passes the verdict to the emulator; without one, halts. */
_Noreturn void poweroff(enum machine_exit how, enum verdict verdict);

#endif
