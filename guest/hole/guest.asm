; SPDX-License-Identifier: BSD-2-Clause
; Reads where nothing is.
%include "guest.inc"
GUEST_BEGIN
	mov edi, HOLE_TARGET
	mov rax, [rdi]
	DONE 1
GUEST_END
