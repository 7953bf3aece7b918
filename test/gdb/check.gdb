# SPDX-License-Identifier: BSD-2-Clause
# What debug.t looks at, with the guest "hole": a stop before the first fault is
# acted upon, one inside of the guest, and one at the fault that ends it.
break aspace_fault
continue
printf "== before the first fault\n"
gpt-walk 0x100000
continue 3
tbreak svm_enter
continue
while $cr3 != 0x100000
  stepi
end
printf "== inside of the guest\n"
gpt-walk 0x103000
guest-x 0x103000
guest-x 0x200000
continue
printf "== before the last fault\n"
gpt-walk 0x30007ff8
vcpu
exits
console
delete
break report_end
continue
printf "== after the guest\n"
vcpu
