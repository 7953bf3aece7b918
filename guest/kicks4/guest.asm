; SPDX-License-Identifier: BSD-2-Clause
;
; kicks, with four vCPUs.
%include "kicks/guest.asm"
