# SPDX-License-Identifier: BSD-2-Clause
#
#	make check	host tests, and one boot in QEMU
#	make test	all tests
#	make host-tests	builds the host tests
#	make kvm-vmm	the VMM of the machines that are KVM in an emulator
#	make kvm-long	nested in KVM: all guests, leaves, CPUs, migrations; an hour or so
#	make stress	hosts that steal time, and busy ones: minutes of that
#	make prove-gpt	the proofs of gpt/, N=2 times as long
#	make coverage	what of gpt/ its tests reach
#
# Read by the Makefile above. What is tested and how: test/README.md.

# Those that take longest come first.
LONG_TESTS := $(patsubst %,test/%.t,kvm-vmx kvm-svm cpus trace leaf soak memory end loaded)
BOOT_TESTS := $(LONG_TESTS) $(filter-out $(LONG_TESTS),$(wildcard test/*.t))

PROVE	:= python3 -B test/harness prove

# Tests judge by what became of a table: what an operation says may be of no interest.
HOST_CFLAGS := -std=gnu17 -O1 -g -Wall -Wextra -Werror -Wno-unused-result -fsanitize=address,undefined \
	       -fno-sanitize-recover=all -fno-omit-frame-pointer -I. \
	       -DVMM_GPT_FAULT_H='"kernel/lib/fault.h"'

# ---- Tests of what can be had without ring 0 ----

# What stands in for the rest is in test/unit: each test takes from this library
# what it needs.
PURE	 := $(wildcard gpt/*.c) vmx/probe.c vmx/controls.c svm/probe.c \
	    $(addprefix kernel/lib/,crc32.c format.c) \
	    $(addprefix kernel/host/,acpi.c acpi_devices.c below.c bootinfo.c clock_choose.c cpu_words.c errata.c \
		mce_words.c memmap.c pages.c slab.c smbios.c) \
	    $(addprefix kernel/vm/,insn.c preflight_reduce.c region.c) \
	    $(addprefix kernel/check/,tlbcheck.c) \
	    $(addprefix kernel/suite/,cmdline.c gpt_script.c gpt_script_roll.c gpt_script_shrink.c gpt_script_text.c \
		replay.c)
STANDINS := $(filter-out test/unit/test_%,$(wildcard test/unit/*.c))
HOST_FAULTY := $(call objects,$(BUILD)/test,$(filter $(FAULTY),$(PURE)))
HOST_OBJS := $(HOST_FAULTY) $(call objects,$(PLAIN)/test,$(filter-out $(FAULTY),$(PURE))) \
	    $(call objects,$(PLAIN),$(STANDINS))
HOST_LIB := $(BUILD)/test/unit/pure.a

define compile_for_host
$(call say,CC)
@mkdir -p $(@D)
$(Q)$(CC) $(HOST_CFLAGS) $(VARIANT_FLAGS) $(FAULT_FLAGS) -MMD -MP -c -o $@ $<
endef

$(PLAIN)/test/%.o: %.c test/test.mk $(PLAIN)/flags
	$(compile_for_host)
$(PLAIN)/test/unit/%.o: test/unit/%.c test/test.mk $(PLAIN)/flags
	$(compile_for_host)
ifneq ($(FAULT),)
$(BUILD)/test/%.o: %.c test/test.mk $(PLAIN)/flags
	$(compile_for_host)
$(HOST_FAULTY): FAULT_FLAGS := -DFAULT_$(FAULT_NAME)=1
endif

$(HOST_LIB): $(HOST_OBJS)
	@mkdir -p $(@D)
	@rm -f $@
	@ar rcs $@ $^

# ---- Tests for which gpt/ is built once more ----

# With accessors that the test sees each use of, in another geometry, or with
# another sanitizer: $(call gpt_test,NAME,SOURCES,CFLAGS). SOURCES beside gpt/ and
# what stands in.
define gpt_test
GPT_VARIANTS += $(BUILD)/test/unit/$(1)
$(1)_SRC := $(wildcard gpt/*.c) $(2)
$(1)_FAULTY := $$(call objects,$(BUILD)/test/$(1),$$(filter $(FAULTY),$$($(1)_SRC)))
$(1)_PLAIN := $$(call objects,$(PLAIN)/test/$(1),$$(filter-out $(FAULTY),$$($(1)_SRC)))
$(PLAIN)/test/$(1)/%.o: %.c test/test.mk $(PLAIN)/flags
	$$(compile_for_host)
ifneq ($(FAULT),)
$(BUILD)/test/$(1)/%.o: %.c test/test.mk $(PLAIN)/flags
	$$(compile_for_host)
$$($(1)_FAULTY): FAULT_FLAGS := -DFAULT_$(FAULT_NAME)=1
endif
$$($(1)_FAULTY) $$($(1)_PLAIN): VARIANT_FLAGS := $(3)
$(BUILD)/test/unit/$(1): $$($(1)_FAULTY) $$($(1)_PLAIN)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(HOST_CFLAGS) $(3) -o $$@ $$^ -lcmocka
VARIANT_OBJS += $$($(1)_FAULTY) $$($(1)_PLAIN)
endef

TABLES	:= test/unit/fake_tables.c
SEEN	:= -DVMM_GPT_PTE_H='"test/unit/fake_pte.h"'
$(eval $(call gpt_test,test_gpt_race,test/unit/test_gpt_race.c test/unit/fake_pte.c $(TABLES),$(SEEN)))
$(eval $(call gpt_test,test_gpt_late,test/unit/inject_race/test_gpt_late.c $(TABLES),\
	-DVMM_GPT_PTE_H='"test/unit/inject_race/pte.h"'))

# Trees so small that all of them can be seen.
SMALL := $(wildcard test/unit/exhaustive/*.c)
$(eval $(call gpt_test,test_gpt_small2,$(SMALL),-DVMM_GPT_LEVELS=2 -DVMM_GPT_INDEX_BITS=1))
$(eval $(call gpt_test,test_gpt_small3,$(SMALL),-DVMM_GPT_LEVELS=3 -DVMM_GPT_INDEX_BITS=1))

# Optimised and without ASan, since these switch stacks and run millions of times.
TINY	:= $(wildcard test/unit/interleave/*.c) test/unit/fake_pte.c
TINY_FLAGS := $(SEEN) -DVMM_GPT_LEVELS=3 -DVMM_GPT_INDEX_BITS=1 -O2 -fno-sanitize=address
$(eval $(call gpt_test,test_gpt_hw,test/unit/test_gpt_hw.c $(TINY),$(TINY_FLAGS)))
$(eval $(call gpt_test,test_gpt_inter,test/unit/test_gpt_inter.c $(TINY),$(TINY_FLAGS)))

THREADS := $(wildcard test/unit/threads/*.c) $(TABLES)
MEETING := -DVMM_GPT_LEVELS=3 -DVMM_GPT_INDEX_BITS=3 -pthread
$(eval $(call gpt_test,test_gpt_threads,$(THREADS),$(MEETING)))
$(eval $(call gpt_test,test_gpt_threads_tsan,$(THREADS),$(MEETING) \
	-fno-sanitize=all -fsanitize=thread))

# ---- What run.sh asks for the kernel's words and guests ----

# The kernel's own sources, with this machine's C library.
WORDS_SRC := test/harness/words.c $(addprefix kernel/,lib/format.c suite/cmdline.c suite/gpt_script.c suite/gpt_script_text.c) $(wildcard guest/*.c guest/*/*.c)
WORDS_OBJS := $(call objects,$(PLAIN)/words.d,$(WORDS_SRC))
$(PLAIN)/words.d/%.o: %.c test/test.mk $(PLAIN)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O1 -Wall -Wextra -Werror -ffunction-sections -fdata-sections -I. -MMD -MP -c -o $@ $<

words: $(PLAIN)/words
$(PLAIN)/words: $(WORDS_OBJS) $(PLAIN)/guest/images.o
	$(Q)$(CC) -no-pie -Wl,--gc-sections -o $@ $^

# ---- The VMM of the machines that are KVM in an emulator ----

# Without shared libraries, since it is all of the user space there is.
VMM_FLAGS := -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -pthread -I.
VMM_OBJS := $(call objects,$(PLAIN)/kvm,$(wildcard test/kvm/*.c))
$(PLAIN)/kvm/%.o: %.c test/test.mk $(PLAIN)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(VMM_FLAGS) -MMD -MP -c -o $@ $<

kvm-vmm: $(PLAIN)/kvm/init
$(PLAIN)/kvm/init: $(VMM_OBJS)
	$(Q)$(CC) -static -pthread -s -o $@ $^

# ---- All of them ----

PURE_TESTS := $(filter-out $(GPT_VARIANTS),\
	      $(patsubst test/unit/%.c,$(BUILD)/test/unit/%,$(wildcard test/unit/test_*.c)))
$(PURE_TESTS): $(BUILD)/test/unit/%: $(PLAIN)/test/unit/%.o $(HOST_LIB)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

HOST_TESTS := $(GPT_VARIANTS) $(PURE_TESTS)
GPT_TESTS  := $(foreach t,$(HOST_TESTS),$(if $(findstring /test_gpt,$(t)),$(t)))

host-tests: $(HOST_TESTS)

list-tests:
	@printf '%s\n' $(BOOT_TESTS) $(HOST_TESTS)

# Those that take more than a few seconds are left out.
SLOW_TESTS := $(foreach t,inter model small2 small3 threads threads_tsan,$(BUILD)/test/unit/test_gpt_$(t))
QUICK_TESTS := $(filter-out $(SLOW_TESTS),$(HOST_TESTS))
check: $(QUICK_TESTS) words iso
	BUILD=$(PLAIN) $(PROVE) test/qemu-svm.t $(QUICK_TESTS)

test:
	./run.sh --no-install test

# Hosts that have no time, more often than in each run of the tests.
stress: words iso
	THEFTS=200 BOOTS=10 BUILD=$(PLAIN) $(PROVE) test/loaded.t test/stolen.t test/stolen-bochs.t

# Nested in KVM: what is too long for each run.
kvm-long: words iso kvm-vmm
	LIMIT=7200 BUILD=$(PLAIN) $(PROVE) $(wildcard test/long/kvm-*.t)

# The proofs of gpt/, N times as long or as wide.
N ?= 2
prove-gpt: $(GPT_TESTS)
	GPT_N=$(N) BUILD=$(PLAIN) $(PROVE) $(GPT_TESTS)

# Which lines and branches of gpt/ its tests reach: without sanitizers, which have
# branches of their own.
coverage:
	$(MAKE) BUILD=$(PLAIN)/coverage HOST_CFLAGS='-std=gnu17 -O0 -g --coverage \
		-fprofile-update=atomic -I. -DVMM_GPT_FAULT_H="\"kernel/lib/fault.h\""' gpt-tests
	test/coverage.pl $(PLAIN)/coverage

gpt-tests: $(filter-out %_tsan,$(GPT_TESTS))
	find $(PLAIN) -name '*.gcda' -delete
	SLOW=10 BUILD=$(PLAIN) $(PROVE) $^

-include $(HOST_OBJS:.o=.d) $(WORDS_OBJS:.o=.d) $(VMM_OBJS:.o=.d) $(PURE_TESTS:$(BUILD)/%=$(PLAIN)/%.d) $(VARIANT_OBJS:.o=.d)

.PHONY: host-tests list-tests words kvm-vmm check test kvm-long stress prove-gpt coverage gpt-tests
