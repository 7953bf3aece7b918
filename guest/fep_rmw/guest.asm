; SPDX-License-Identifier: BSD-2-Clause
; The emulator of the hypervisor below executes a read-modify-write instruction on a page that
; is not mapped. The fault must be reported as a write, with and without LOCK.
%include "guest.inc"
%include "fep.inc"

GUEST_BEGIN
	FEP_BEGIN FEP_RMW_STACK
	mov edi, FEP_RMW_PAGES
	mov rax, rdi
	FORCED lock xadd [rdi], rax
	MUST test rax, rax, z
	MUST cmp [rdi], rdi, e
	add rdi, PAGE
	FORCED add [rdi], rdi
	MUST cmp [rdi], rdi, e
FEP_END 0
GUEST_PAD
