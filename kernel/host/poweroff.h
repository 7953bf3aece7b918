/* SPDX-License-Identifier: BSD-2-Clause */
/* How a run ends, and the machine with it: docs/running.md, "How a run ends". */
#ifndef KERNEL_HOST_POWEROFF_H
#define KERNEL_HOST_POWEROFF_H

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_REFUSED };

/* exit= on the command line. */
enum machine_exit { MACHINE_HALT, MACHINE_QEMU, MACHINE_BOCHS };

/* Tells the emulator the verdict; halts where there is none. */
_Noreturn void poweroff(enum machine_exit how, enum verdict verdict);

#endif
