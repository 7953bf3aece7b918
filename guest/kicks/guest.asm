; SPDX-License-Identifier: BSD-2-Clause
;
; What it costs to take a right from pages, 1 and 512 at a time, while other vCPUs
; are in the guest, and what a hypercall costs that changes nothing. Then a table goes
; from under them: one leaf is made of the pages, if leaves may be so large.
%include "kicks/kicks.inc"

	KICKS_BEGIN
	MEASURE 0, 0
	MEASURE 1, PAGE
	MEASURE 2, KICKS_COUNT * PAGE

	mov r13d, KICKS_ROUNDS
.merge:	CHANGE MEMORY_SPLIT, PAGE
	WRITE_ALL			; or their rights are not the same
	CHANGE MEMORY_MERGE, KICKS_COUNT * PAGE
	dec r13d
	jnz .merge
	KICKS_END
