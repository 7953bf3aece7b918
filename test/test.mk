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
	    $(addprefix kernel/,bootinfo.c cmdline.c format.c gpt_script.c gpt_script_roll.c \
	    gpt_script_shrink.c gpt_script_text.c heap.c insn.c memmap.c pages.c region.c replay.c)
STANDINS := $(filter-out test/host/test_%,$(wildcard test/host/*.c))
HOST_FAULTY := $(call objects,$(BUILD)/test,$(filter $(FAULTY),$(PURE)))
HOST_OBJS := $(HOST_FAULTY) $(call objects,$(PLAIN)/test,$(filter-out $(FAULTY),$(PURE))) \
	    $(call objects,$(PLAIN),$(STANDINS))
HOST_LIB := $(BUILD)/test/host/pure.a

define compile_for_host
@mkdir -p $(@D)
$(CC) $(HOST_CFLAGS) $(FAULT_FLAGS) -MMD -MP -c -o $@ $<
endef

$(PLAIN)/test/%.o: %.c test/test.mk
	$(compile_for_host)
$(PLAIN)/test/host/%.o: test/host/%.c test/test.mk
	$(compile_for_host)
ifneq ($(FAULT),)
$(BUILD)/test/%.o: %.c test/test.mk
	$(compile_for_host)
$(HOST_FAULTY): FAULT_FLAGS := -DFAULT_$(FAULT_NAME)=1
endif

$(HOST_LIB): $(HOST_OBJS)
	@mkdir -p $(@D)
	rm -f $@
	ar rcs $@ $^

$(HOST_TESTS): $(BUILD)/test/host/%: $(PLAIN)/test/host/%.o $(HOST_LIB)
	$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

host-tests: $(HOST_TESTS)

list-tests:
	@printf '%s\n' $(BOOT_TESTS) $(HOST_TESTS)

check: $(HOST_TESTS) $(KERNEL)
	BUILD=$(PLAIN) test/prove.sh test/qemu-svm.t $(HOST_TESTS)

test: $(HOST_TESTS) $(KERNEL)
	BUILD=$(PLAIN) test/prove.sh $(BOOT_TESTS) $(HOST_TESTS)

-include $(HOST_OBJS:.o=.d) $(HOST_TESTS:$(BUILD)/%=$(PLAIN)/%.d)

.PHONY: host-tests list-tests check test
