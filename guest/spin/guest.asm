; SPDX-License-Identifier: BSD-2-Clause
; An endless loop with IF = 0 that never exits by itself. It counts, so that the host sees
; progress.
%include "guest.inc"
GUEST_BEGIN
	cli
.loop:	inc rax
	jmp .loop
GUEST_END
