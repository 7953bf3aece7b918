; SPDX-License-Identifier: BSD-2-Clause
; Writes to one page after another until there is no more memory.
%include "guest.inc"
GUEST_BEGIN
	mov edi, HOG_BASE
	mov ecx, HOG_SIZE / PAGE
.next:	mov [rdi], rdi
	add rdi, PAGE
	loop .next
	DONE 1
GUEST_END
