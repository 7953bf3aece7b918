# SPDX-License-Identifier: BSD-2-Clause
# For realcpu.t: where firmware is done, and where the machine is about to end, after which
# nothing can be had of its log.
define at-entry
  hbreak entry32 if $eax == 0x36d76289
  continue
  delete
end

define to-the-end
  delete
  hbreak poweroff
  continue
  console
end
