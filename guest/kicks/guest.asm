; SPDX-License-Identifier: BSD-2-Clause
;
; The cost of write-protecting 1 page and 512 pages while other vCPUs are in the guest, and of
; a hypercall that changes nothing. Then a table is removed while they run: the pages are
; merged into one leaf, if leaves may be so large.
%include "kicks/kicks.inc"

	KICKS_BEGIN
	MEASURE 0, 0
	MEASURE 1, PAGE
	MEASURE 2, KICKS_COUNT * PAGE

	mov r13d, KICKS_ROUNDS
.merge:	CHANGE MEMORY_SPLIT, PAGE
	WRITE_ALL			; a merge needs equal rights
	CHANGE MEMORY_MERGE, KICKS_COUNT * PAGE
	dec r13d
	jnz .merge
	KICKS_END
