#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Guests' memory in large leaves, where there are some and where there are none.
# trace.t runs all guests with 2 MiB.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

none='0 of 1 GiB; .*'

# 1 GiB in one block, and the machine's memory around it.
boot --memory 4096 --cmdline 'leaf=1g run=touch,large'
ok "1 GiB, nPT: passes" ended_with 0
ok "1 GiB, nPT: touch keeps one" console_has '#   leaves: .*, 1 of 1 GiB; .*'
ok "1 GiB, nPT: large splits one" console_has '#   leaves: .*, 5[0-9]+ of 2 MiB, 0 of 1 GiB; .*'
boot --machine bochs-vmx --memory 2304 --cmdline "leaf=1g run=large $short"
ok "1 GiB, EPT: passes" ended_with 0
ok "1 GiB, EPT: large splits one" console_has '#   leaves: .*, 5[0-9]+ of 2 MiB, 0 of 1 GiB; .*'

boot --cmdline 'leaf=1g run=large'
ok "1 GiB, and too little memory: passes" ended_with 0
ok "1 GiB, and too little memory: 2 MiB it is" console_has "#   leaves: .*, [1-9] of 2 MiB, $none"
ok "1 GiB, and too little memory: says so" console_has '#   leaves smaller than wanted, .*: 1'
boot --machine bochs-vmx-old --cmdline "leaf=1g run=touch,large,hog $short"
ok "1 GiB, and a CPU without: passes" ended_with 0
ok "1 GiB, and a CPU without: says so" console_has '# leaf=1g: .* 2 MiB'
ok "1 GiB, and a CPU without: 2 MiB it is" console_has "#   leaves: .*, 18 of 2 MiB, $none"

# Large leaves that must not be executable: for data all the same.
boot --cmdline 'leaf=2m small-exec run=touch,large,fetch'
ok "no large code, nPT: passes" ended_with 0
ok "no large code, nPT: data has large leaves" console_has "#   leaves: .*, 18 of 2 MiB, $none"
boot --machine bochs-vmx --cpus 2 --cmdline "leaf=2m small-exec run=touch,fetch,race,kicks $short"
ok "no large code, EPT: passes" ended_with 0
ok "no large code, EPT: data has large leaves" console_has "#   leaves: .*, 18 of 2 MiB, $none"
ok "no large code, EPT: a fetch splits" console_has '# figure fetch\.faults\.fetch 7 faults'

boot --cmdline 'leaf=4k run=large'
ok "4 KiB: passes" ended_with 0
ok "4 KiB: nothing else" console_has "#   leaves: 23 of 4 KiB, 0 of 2 MiB, $none"
done_testing
