# SPDX-License-Identifier: BSD-2-Clause
#
#	make		the bootable ISO, build/nestbox.iso
#	make check	the quick tests: host tests, and one boot in QEMU
#	make FAULT=NAME	an ISO with a deliberate bug, build-fault/NAME/nestbox.iso
#	make faults	checks that each is caught; ONLY=NAME: only this one
#	make list-faults	their names
#	make V=1 ...	prints the commands
#	make lint	clang-tidy, cppcheck, and the dependencies between rooms, and
#			whether each header can be included alone
#	make format	formats by .clang-format
#	make clean
#
# CMDLINE is the command line of the ISO's kernel. Everything else about running
# and testing is in run.sh.

ifeq ($(origin CC),default) # make's built-in "cc"
CC	:= gcc
endif
NASM	?= nasm
NM	?= nm
BUILD	?= build
CMDLINE	?=
FAULT	?=

ROOMS	:= kernel $(addprefix kernel/,lib host vm check suite) gpt vmx svm guest
CSRC	:= $(foreach r,$(ROOMS),$(wildcard $(r)/*.c)) $(wildcard guest/*/*.c)
ASRC	:= $(foreach r,boot vmx svm,$(wildcard $(r)/*.asm))

ifneq ($(V),1)
Q	:= @
endif
say	= @printf '  %-6s %s\n' $(1) $(patsubst $(CURDIR)/%,%,$@)

# kernel/lib/fault.h: a build with a deliberate bug has its own directory. Only the sources
# that mention the bug, and main.c, are compiled again; other objects are the ordinary ones.
FAULTS	:= $(shell { grep -ohE '\<FAULT\([A-Z0-9_]+\)' $(CSRC) | sed -E 's/.*\((.*)\)/\1/'; \
	   sed -nE 's/^%ifn?def FAULT_([A-Z0-9_]+)$$/\1/p' $(ASRC); } | tr A-Z_ a-z- | sort -u)
PLAIN	:= $(BUILD)
FAULTY	:=
ifneq ($(FAULT),)
ifeq ($(filter $(FAULT),$(FAULTS)),)
$(error unknown FAULT "$(FAULT)"; known are: $(FAULTS))
endif
FAULT_NAME := $(shell echo $(FAULT) | tr a-z- A-Z_)
FAULTY	:= $(sort kernel/main.c $(shell grep -l '\bFAULT.$(FAULT_NAME)\b' $(CSRC) $(ASRC)))
override BUILD := $(PLAIN)-fault/$(FAULT)
endif

CFLAGS	?= -O2 -g
KCFLAGS	:= -std=c17 -ffreestanding -Wall -Wextra -Wconversion -Wshadow -Werror -mno-red-zone \
	   -mgeneral-regs-only -mcmodel=small -fno-pic -fno-pie -fno-stack-protector \
	   -fcf-protection=none -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -momit-leaf-frame-pointer \
	   -fno-common -I. -DVMM_GPT_PTE_H='"kernel/lib/gpt_pte.h"' \
	   -DVMM_GPT_FAULT_H='"kernel/lib/fault.h"' $(CFLAGS)
LDFLAGS	:= -nostdlib -static -z noexecstack -z max-page-size=4096 --build-id=none
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unversioned)$(FAULT:%= with the deliberate bug %)

GUESTS	:= $(notdir $(patsubst %/,%,$(dir $(wildcard guest/*/*.asm))))
IMAGES	:= $(GUESTS:%=$(PLAIN)/guest/%.bin)
objects	= $(patsubst %.c,$(1)/%.o,$(patsubst %.asm,$(1)/%.asm.o,$(2)))
FAULTY_OBJS := $(call objects,$(BUILD),$(FAULTY))
OBJS	:= $(FAULTY_OBJS) $(call objects,$(PLAIN),$(filter-out $(FAULTY),$(CSRC) $(ASRC))) \
	   $(PLAIN)/guest/images.o
KERNEL	:= $(BUILD)/nestbox.elf
ISO	:= $(BUILD)/nestbox.iso

all: $(ISO)

# Linked twice: the second kernel contains the symbol table of the first. The table comes
# after the text, so it does not change the addresses of symbols.
$(BUILD)/nameless.elf: $(OBJS) linker.ld $(PLAIN)/flags
	$(Q)$(LD) $(LDFLAGS) -T linker.ld -o $@ $(OBJS)

$(BUILD)/symbols.asm: $(BUILD)/nameless.elf boot/symbols.awk
	$(Q)$(NM) -n $< | awk -f boot/symbols.awk > $@

$(BUILD)/symbols.o: $(BUILD)/symbols.asm
	$(Q)$(NASM) -f elf64 -o $@ $<

$(KERNEL): $(OBJS) $(BUILD)/symbols.o linker.ld
	$(call say,LD)
	$(Q)$(LD) $(LDFLAGS) -T linker.ld -o $@ $(OBJS) $(BUILD)/symbols.o
	@$(NM) -n $@ | awk -f boot/symbols.awk | cmp - $(BUILD)/symbols.asm

define compile
$(call say,CC)
@mkdir -p $(@D)
$(Q)$(CC) $(KCFLAGS) $(FAULT_FLAGS) -MMD -MP -c -o $@ $<
endef
define assemble
$(call say,NASM)
@mkdir -p $(@D)
$(Q)$(NASM) -f elf64 -g -F dwarf $(FAULT_FLAGS) -MD $(@:.o=.d) -MP -o $@ $<
endef

$(PLAIN)/%.o: %.c Makefile $(PLAIN)/flags
	$(compile)
$(PLAIN)/%.asm.o: %.asm Makefile $(PLAIN)/flags
	$(assemble)
ifneq ($(FAULT),)
$(BUILD)/%.o: %.c Makefile $(PLAIN)/flags
	$(compile)
$(BUILD)/%.asm.o: %.asm Makefile $(PLAIN)/flags
	$(assemble)
$(FAULTY_OBJS): FAULT_FLAGS := -DFAULT_$(FAULT_NAME)=1
endif

# Rewritten only if it changes, so that main.o is rebuilt only then.
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@echo '#define NESTBOX_VERSION "$(VERSION)"' | cmp -s - $@ || \
		echo '#define NESTBOX_VERSION "$(VERSION)"' > $@

$(BUILD)/kernel/main.o: $(BUILD)/version.h
$(BUILD)/kernel/main.o: KCFLAGS += -include $(BUILD)/version.h

# Each guest is a flat image. C and NASM share layout.h: NASM sees only its #define
# lines.
$(PLAIN)/guest/%.bin: guest/%/guest.asm guest/%/layout.h $(wildcard guest/*.inc guest/*/*.inc) \
		$(PLAIN)/guest/abi.inc Makefile $(PLAIN)/flags
	@mkdir -p $(@D)/$*
	@sed -n 's/^#define/%define/p' guest/$*/layout.h > $(@D)/$*/layout.inc
	$(call say,NASM)
	$(Q)$(NASM) -f bin -I guest/ -I guest/$*/ -I $(PLAIN)/guest/ -I $(PLAIN)/guest/$*/ -o $@ $<

$(PLAIN)/guest/abi.inc: guest/abi.h
	@mkdir -p $(@D)
	@sed -n 's/^#define/%define/p' $< > $@

# The images as data, with symbols guest_NAME_image and guest_NAME_image_end.
$(PLAIN)/guest/images.asm: $(MAKEFILE_LIST) guest/images.h
	@mkdir -p $(@D)
	@{ echo 'section .rodata'; for g in $(GUESTS); do \
		printf 'align 4096\nglobal guest_%s_image, guest_%s_image_end\nguest_%s_image: incbin "guest/%s.bin"\nguest_%s_image_end:\n' \
			$$g $$g $$g $$g $$g; done; \
		echo 'section .note.GNU-stack noalloc noexec nowrite progbits'; } > $@

$(PLAIN)/guest/images.o: $(PLAIN)/guest/images.asm $(IMAGES)
	$(Q)$(NASM) -f elf64 -I $(PLAIN)/ -o $@ $<

# Only the modules needed, which halves the ISO. mmap has cutmem, for tests. UEFI GRUB
# prints errors without part_*.
GRUB_MODULES := multiboot2 normal iso9660 configfile serial terminal terminfo test echo mmap \
	part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_gpt part_msdos \
	part_plan part_sun part_sunpc

iso: $(ISO)
$(ISO): $(KERNEL) boot/grub.cfg.in boot/mkiso.sh
	$(call say,ISO)
	$(Q)boot/mkiso.sh $(KERNEL) $@ "$(GRUB_MODULES)" "$(CMDLINE)"

faults:
	@BUILD=$(PLAIN) python3 -B test/harness faults $(ONLY)

list-faults:
	@printf '%s\n' $(FAULTS)

# Each can be included alone. A guest's layout.h has to come before events.h.
HEADERS	:= $(filter-out guest/events.h,$(wildcard $(ROOMS:%=%/*.h)))

# Two tools that find different things must not warn; rooms may use only lower rooms.
lint: iso
	clang-tidy --quiet $(CSRC) -- $(KCFLAGS) -DNESTBOX_VERSION='"lint"' -Wno-unknown-warning-option
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --std=c11 \
		--platform=unix64 --inline-suppr --suppress=preprocessorErrorDirective -I. $(filter-out kernel/%,$(ROOMS))
	python3 -B test/rooms.py $(BUILD)
	for h in $(HEADERS); do echo "#include \"$$h\"" | $(CC) $(KCFLAGS) -Wno-unused -x c \
		-fsyntax-only - || exit 1; done

format:
	clang-format -i $(CSRC) $(wildcard $(ROOMS:%=%/*.h) test/unit/*.[ch] test/unit/*/*.[ch] test/kvm/*.[ch])

clean:
	rm -rf $(PLAIN) $(PLAIN)-fault

-include test/test.mk

# Tools and flags: if they change, everything is rebuilt.
FLAGS	:= $(CC) $(shell $(CC) -dumpfullversion 2> /dev/null); $(KCFLAGS); $(HOST_CFLAGS); $(NASM); $(LD)
ifneq ($(FLAGS),$(file <$(PLAIN)/flags))
$(shell mkdir -p $(PLAIN))
$(file >$(PLAIN)/flags,$(FLAGS))
endif

-include $(OBJS:.o=.d)

.PHONY: all iso faults list-faults lint format clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
