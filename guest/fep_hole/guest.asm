; SPDX-License-Identifier: BSD-2-Clause
; The software of the hypervisor below touches what is not there, in the midst of a page.
%include "guest.inc"
%include "fep.inc"

GUEST_BEGIN
	FEP_BEGIN FEP_HOLE_STACK
	mov edi, FEP_HOLE_TARGET
	FORCED mov [rdi], rdi
FEP_END 0
GUEST_PAD
