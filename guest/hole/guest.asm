; SPDX-License-Identifier: BSD-2-Clause
; Reads from a hole.
%include "guest.inc"
GUEST_BEGIN
	mov edi, HOLE_TARGET
	mov rax, [rdi]
	DONE 1
GUEST_END
