# SPDX-License-Identifier: BSD-2-Clause
#
#	make check	host tests, and one boot in QEMU
#	make test	all tests
#	make host-tests	builds the host tests
#
# Read by the Makefile above. What is tested and how: test/README.md.

HOST_TESTS := $(patsubst test/host/%.c,$(BUILD)/test/host/%,$(wildcard test/host/test_*.c))
# Those that take longest come first.
LONG_TESTS := test/end.t test/trace.t
BOOT_TESTS := $(LONG_TESTS) $(filter-out $(LONG_TESTS),$(wildcard test/*.t))

HOST_CFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
	       -fno-sanitize-recover=all -fno-omit-frame-pointer -I. $(FAULT_FLAGS)

# What can be tested without the CPU being in ring 0, and what stands in for the
# rest: each test takes from this library what it needs.
PURE	 := $(wildcard gpt/*.c) vmx/probe.c vmx/controls.c svm/probe.c \
	    $(addprefix kernel/,bootinfo.c cmdline.c format.c heap.c insn.c memmap.c pages.c)
STANDINS := $(filter-out test/host/test_%,$(wildcard test/host/*.c))
HOST_OBJS := $(patsubst %.c,$(BUILD)/test/%.o,$(PURE)) $(STANDINS:%.c=$(BUILD)/%.o)
HOST_LIB := $(BUILD)/test/host/pure.a

$(BUILD)/test/%.o: %.c test/test.mk
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/test/host/%.o: test/host/%.c test/test.mk
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

$(HOST_LIB): $(HOST_OBJS)
	rm -f $@
	ar rcs $@ $^

# gpt/ built otherwise, for some tests: in a directory and a library of its own,
# with the stand-ins. NAME_FLAGS; NAME_TESTS; NAME_ROOM: more sources of these tests.
# seen: with accessors that the test sees each use of. tiny: so, and 8 pages in all,
# optimised and without ASan, since its tests switch stacks and run millions of times.
VARIANTS   := seen tiny
seen_TESTS := test_gpt_race
seen_FLAGS := -DVMM_GPT_PTE_H='"test/host/fake_pte.h"'
tiny_TESTS := test_gpt_hw test_gpt_inter
tiny_ROOM  := $(wildcard test/host/tiny/*.c)
tiny_FLAGS := $(seen_FLAGS) -DVMM_GPT_LEVELS=3 -DVMM_GPT_INDEX_BITS=1 -O2 -fno-sanitize=address

define variant
$(1)_OBJS := $$(patsubst %.c,$(BUILD)/$(1)/%.o,$$(wildcard gpt/*.c) $$(STANDINS) $$($(1)_ROOM))
$(BUILD)/$(1)/%.o: %.c test/test.mk
	@mkdir -p $$(@D)
	$$(CC) $$(HOST_CFLAGS) $$($(1)_FLAGS) -MMD -MP -c -o $$@ $$<
$(BUILD)/$(1)/gpt.a: $$($(1)_OBJS)
	rm -f $$@
	ar rcs $$@ $$^
$(addprefix $(BUILD)/test/host/,$($(1)_TESTS)): $(BUILD)/test/host/%: $(BUILD)/$(1)/test/host/%.o $(BUILD)/$(1)/gpt.a
	@mkdir -p $$(@D)
	$$(CC) $$(HOST_CFLAGS) $$($(1)_FLAGS) -o $$@ $$^ -lcmocka
VARIANT_DEPS += $$($(1)_OBJS:.o=.d) $$($(1)_TESTS:%=$(BUILD)/$(1)/test/host/%.d)
endef
$(foreach v,$(VARIANTS),$(eval $(call variant,$(v))))

VARIANT_TESTS := $(foreach v,$(VARIANTS),$($(v)_TESTS:%=$(BUILD)/test/host/%))
$(filter-out $(VARIANT_TESTS),$(HOST_TESTS)): $(BUILD)/test/host/%: $(BUILD)/test/host/%.o $(HOST_LIB)
	$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

host-tests: $(HOST_TESTS)

list-tests:
	@printf '%s\n' $(BOOT_TESTS) $(HOST_TESTS)

check: $(HOST_TESTS) $(KERNEL)
	BUILD=$(BUILD) test/prove.sh test/qemu-svm.t $(HOST_TESTS)

test: $(HOST_TESTS) $(KERNEL)
	BUILD=$(BUILD) test/prove.sh $(BOOT_TESTS) $(HOST_TESTS)

-include $(HOST_OBJS:.o=.d) $(HOST_TESTS:=.d) $(VARIANT_DEPS)

.PHONY: host-tests list-tests check test
