; SPDX-License-Identifier: BSD-2-Clause
; Loops for ever, with interrupts off, and never exits by itself.
%include "guest.inc"
GUEST_BEGIN
	cli
	jmp $
GUEST_END
