# SPDX-License-Identifier: BSD-2-Clause
#
#	make check	host tests, and one boot in QEMU
#	make test	all tests
#	make host-tests	builds the host tests
#	make prove-gpt	the proofs of gpt/, N=2 times as long
#	make coverage	what of gpt/ its tests reach
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

$(HOST_TESTS): $(BUILD)/test/host/%: $(BUILD)/test/host/%.o $(HOST_LIB)
	$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

# Tests for which gpt/ is built once more: in another geometry, or with another
# sanitizer. $(call gpt_test,NAME,SOURCES,CFLAGS)
define gpt_test
$(1)_OBJS := $(patsubst %.c,$(BUILD)/test/$(1)/%.o,$(wildcard gpt/*.c) $(2))
$(BUILD)/test/$(1)/%.o: %.c test/test.mk
	@mkdir -p $$(@D)
	$$(CC) $$(HOST_CFLAGS) $(3) -MMD -MP -c -o $$@ $$<
$(BUILD)/test/host/$(1): $$($(1)_OBJS)
	@mkdir -p $$(@D)
	$$(CC) $$(HOST_CFLAGS) $(3) -o $$@ $$^ -lcmocka
HOST_TESTS += $(BUILD)/test/host/$(1)
HOST_OBJS += $$($(1)_OBJS)
endef
SMALL := $(wildcard test/host/small/*.c)
$(eval $(call gpt_test,test_gpt_small2,$(SMALL),-DVMM_GPT_LEVELS=2 -DVMM_GPT_INDEX_BITS=1))
$(eval $(call gpt_test,test_gpt_small3,$(SMALL),-DVMM_GPT_LEVELS=3 -DVMM_GPT_INDEX_BITS=1))
THREADS := $(wildcard test/host/threads/*.c) test/host/fake_tables.c
MEETING := -DVMM_GPT_LEVELS=3 -DVMM_GPT_INDEX_BITS=3 -pthread
$(eval $(call gpt_test,test_gpt_threads,$(THREADS),$(MEETING)))
$(eval $(call gpt_test,test_gpt_threads_tsan,$(THREADS),$(MEETING) \
	-fno-sanitize=all -fsanitize=thread))
$(eval $(call gpt_test,test_gpt_late,test/host/late/test_gpt_late.c test/host/fake_tables.c,\
	-DVMM_GPT_PTE_H='"test/host/late/pte.h"'))

host-tests: $(HOST_TESTS)

list-tests:
	@printf '%s\n' $(BOOT_TESTS) $(HOST_TESTS)

check: $(HOST_TESTS) $(KERNEL)
	BUILD=$(BUILD) test/prove.sh test/qemu-svm.t $(HOST_TESTS)

test: $(HOST_TESTS) $(KERNEL)
	BUILD=$(BUILD) test/prove.sh $(BOOT_TESTS) $(HOST_TESTS)

GPT_TESTS := $(foreach t,$(HOST_TESTS),$(if $(findstring /test_gpt,$(t)),$(t)))

# The proofs of gpt/, N times as long or as wide.
N ?= 2
prove-gpt: $(GPT_TESTS)
	GPT_N=$(N) BUILD=$(BUILD) LIMIT=$(LIMIT) test/prove.sh $(GPT_TESTS)

# Which lines and branches of gpt/ its tests reach: without sanitizers, which have
# branches of their own.
coverage:
	$(MAKE) BUILD=$(BUILD)/coverage \
		HOST_CFLAGS='-std=gnu17 -O0 -g --coverage -fprofile-update=atomic -I.' gpt-tests
	test/coverage.pl $(BUILD)/coverage

gpt-tests: $(filter-out %_tsan,$(GPT_TESTS))
	find $(BUILD) -name '*.gcda' -delete
	BUILD=$(BUILD) test/prove.sh $^

-include $(HOST_OBJS:.o=.d) $(HOST_TESTS:=.d)

.PHONY: host-tests list-tests check test prove-gpt coverage gpt-tests
