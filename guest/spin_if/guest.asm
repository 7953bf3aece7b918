; SPDX-License-Identifier: BSD-2-Clause
; Loops for ever, with interrupts on, and never exits by itself.
%include "guest.inc"
GUEST_BEGIN
	sti
	jmp $
GUEST_END
