; SPDX-License-Identifier: BSD-2-Clause
; An exception without an IDT: its gate is beyond the limit, so is that of #GP,
; and so is that of #DF.
%include "guest.inc"
GUEST_BEGIN
	ud2
	DONE 1
GUEST_END
