/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/mce.h"

#include "kernel/panic.h"

void mce_init(void)
{
}

_Noreturn void mce_stop(void)
{
	panic("machine check: the hardware of this machine reports an error");
}
