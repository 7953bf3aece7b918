; SPDX-License-Identifier: BSD-2-Clause
; Loops for ever, with interrupts off, and never exits by itself. It counts, so that it
; is seen to run.
%include "guest.inc"
GUEST_BEGIN
	cli
.loop:	inc rax
	jmp .loop
GUEST_END
