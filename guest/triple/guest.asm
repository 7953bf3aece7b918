; SPDX-License-Identifier: BSD-2-Clause
; An exception without an IDT: the gates of the exception, of #GP and of #DF are all beyond
; the limit.
%include "guest.inc"
GUEST_BEGIN
	ud2
	DONE 1
GUEST_END
