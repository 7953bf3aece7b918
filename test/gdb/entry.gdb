# SPDX-License-Identifier: BSD-2-Clause
# What realcpu.t does to a machine in place of firmware and hardware. Before the run:
# nothing can be had of the log later, when the machine has ended.
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
