# SPDX-License-Identifier: BSD-2-Clause
#
# gdb's commands for nestbox; plain gdb, no Python. "help user-defined" lists
# them. All begin at current_run (kernel/suite/guest_run.h).
#
# QEMU's stub would translate addresses by the tables of whoever runs now, a
# guest's too, and without the second level. nestbox maps memory one to one, so
# it is told to take all addresses as physical: the host's variables can be read
# wherever the machine stops, and a guest's memory through guest-x.

set pagination off
set confirm off
set print pretty on
set architecture i386:x86-64

define nestbox-connect
  target remote $arg0
  maintenance packet Qqemu.PhyMemMode:1
end
document nestbox-connect
nestbox-connect ADDRESS: to QEMU's gdb stub; memory is physical from then on.
end

# $gpt_entry, $gpt_level: where the way of $arg0 through the tables ends. Talks if $gpt_talk.
define gpt-find
  set $gpt_gpa = (unsigned long)($arg0)
  set $gpt_f = current_run->v.as->gpt.format
  set $gpt_table = current_run->v.as->gpt.root->pfn << 12
  set $gpt_level = 5
  set $gpt_down = 1
  while $gpt_down
    set $gpt_level = $gpt_level - 1
    set $gpt_shift = 12 + 9 * ($gpt_level - 1)
    set $gpt_at = $gpt_table + 8 * (($gpt_gpa >> $gpt_shift) & 511)
    set $gpt_entry = *(unsigned long *)$gpt_at
    set $gpt_down = $gpt_level > 1 && ($gpt_entry & ($gpt_f->table | $gpt_f->large)) == $gpt_f->table
    if $gpt_talk
      gpt-show
    end
    set $gpt_table = $gpt_entry & $gpt_f->pfn_mask
  end
end

define gpt-show
  set $gpt_start = ($gpt_gpa >> $gpt_shift) << $gpt_shift
  printf "level %d 0x%012lx-0x%012lx at 0x%lx entry 0x%016lx: ", $gpt_level, $gpt_start, $gpt_start + (1UL << $gpt_shift), $gpt_at, $gpt_entry
  if $gpt_down
    printf "table"
  else
    if $gpt_entry & $gpt_f->present
      set $gpt_bits = $gpt_entry ^ $gpt_f->inverted
      printf "page at 0x%lx ", ($gpt_entry & $gpt_f->pfn_mask) >> $gpt_shift << $gpt_shift
      printf "%c%c%c", ($gpt_bits >> $gpt_f->read_bit) & 1 ? 'r' : '-', ($gpt_bits >> $gpt_f->write_bit) & 1 ? 'w' : '-', ($gpt_bits >> $gpt_f->exec_bit) & 1 ? 'x' : '-'
    else
      if ($gpt_entry >> 52) & 1
        printf "being taken out"
      else
        if $gpt_entry & 0x800
          printf "hole"
        else
          printf "populated, maps nothing"
        end
      end
    end
  end
  if $gpt_entry & $gpt_f->present
    if $gpt_entry & $gpt_f->accessed
      printf " A"
    end
    if !$gpt_down && ($gpt_entry & $gpt_f->dirty)
      printf " D"
    end
  end
  printf "\n"
end

define gpt-walk
  if current_run == 0
    printf "no guest is running\n"
  else
    printf "gpa 0x%lx of %s in its %s tables, root 0x%lx\n", (unsigned long)($arg0), current_run->guest->name, current_run->v.as->gpt.format->name, current_run->v.as->ctx.pmtp
    set $gpt_talk = 1
    gpt-find $arg0
  end
end
document gpt-walk
gpt-walk GPA: the second level's way to GPA in the running guest, level by level.
end

define guest-x
  set $gpt_talk = 0
  gpt-find $arg0
  if $gpt_entry & $gpt_f->present
    set $guest_mask = (1UL << $gpt_shift) - 1
    x/16xb ($gpt_entry & $gpt_f->pfn_mask & ~$guest_mask) + ($gpt_gpa & $guest_mask)
  else
    printf "nothing is mapped at gpa 0x%lx\n", $gpt_gpa
  end
end
document guest-x
guest-x GPA: 16 bytes of the running guest's memory, through its second level.
end

define vcpu
  if current_run == 0
    printf "no guest is running\n"
  else
    set $v = current_run->v.vcpu
    printf "%s on CPU %d, %s\n", current_run->guest->name, $v->cpu->number, $v->ops->name
    printf "rax 0x%016lx rcx 0x%016lx rdx 0x%016lx rbx 0x%016lx\n", $v->regs.r[0], $v->regs.r[1], $v->regs.r[2], $v->regs.r[3]
    printf "rsp 0x%016lx rbp 0x%016lx rsi 0x%016lx rdi 0x%016lx\n", $v->regs.r[4], $v->regs.r[5], $v->regs.r[6], $v->regs.r[7]
    printf "r8  0x%016lx r9  0x%016lx r10 0x%016lx r11 0x%016lx\n", $v->regs.r[8], $v->regs.r[9], $v->regs.r[10], $v->regs.r[11]
    printf "r12 0x%016lx r13 0x%016lx r14 0x%016lx r15 0x%016lx\n", $v->regs.r[12], $v->regs.r[13], $v->regs.r[14], $v->regs.r[15]
    printf "last exit: %s at rip 0x%lx, reason 0x%lx, info 0x%lx 0x%lx\n", vcpu_exit_names[current_run->v.exit.kind], current_run->v.exit.rip, current_run->v.exit.reason, current_run->v.exit.info1, current_run->v.exit.info2
    if $v->ops == &svm_ops
      vcpu-svm
    else
      vcpu-vmx
    end
  end
end
document vcpu
vcpu: the running guest's registers and state, as of its last exit.
end

define vcpu-svm
  set $c = ((struct svm_vcpu *)$v->arch)->vmcb
  printf "rip 0x%016lx rflags 0x%lx cs 0x%x cpl %d\n", $c->rip, $c->rflags, $c->cs.selector, $c->cpl
  printf "cr0 0x%lx cr2 0x%lx cr3 0x%lx cr4 0x%lx efer 0x%lx\n", $c->cr0, $c->cr2, $c->cr3, $c->cr4, $c->efer
  printf "exitcode 0x%lx exitinfo1 0x%lx exitinfo2 0x%lx exitintinfo 0x%lx\n", $c->exitcode, $c->exitinfo1, $c->exitinfo2, $c->exitintinfo
  printf "ncr3 0x%lx asid %d tlb_control %d eventinj 0x%lx\n", $c->ncr3, $c->asid, $c->tlb_control, $c->eventinj
end

define vcpu-vmx
  set $a = (struct vmx_vcpu *)$v->arch
  printf "the VMCS is the CPU's: only what nestbox keeps beside it can be seen\n"
  printf "efer 0x%lx eptp 0x%lx launched %d, last entry's result %d, VMCS at 0x%lx\n", $a->efer, $a->eptp, $a->launched, $a->result, $a->vmcs_pfn << 12
end

define exits
  if current_run == 0
    printf "no guest is running\n"
  else
    set $i = 0
    while $i < sizeof(current_run->v.exits) / sizeof(current_run->v.exits[0])
      if current_run->v.exits[$i] != 0
        printf "%10lu %s\n", current_run->v.exits[$i], vcpu_exit_names[$i]
      end
      set $i = $i + 1
    end
    printf "%10lu refused by the policy\n", current_run->v.denied
  end
end
document exits
exits: how often the running guest exited so far, by kind.
end

define console
  shell tr -d '\r' < "$NESTBOX_SERIAL"
end
document console
console: what the kernel has said so far.
end
