; SPDX-License-Identifier: BSD-2-Clause
; The emulator of the hypervisor below writes to an address in the middle of a page that is
; in no region. The reported gpa must be the whole address.
%include "guest.inc"
%include "fep.inc"

GUEST_BEGIN
	FEP_BEGIN FEP_HOLE_STACK
	mov edi, FEP_HOLE_TARGET
	FORCED mov [rdi], rdi
FEP_END 0
GUEST_PAD
