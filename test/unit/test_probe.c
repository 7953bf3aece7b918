/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which CPUs are accepted, and why others are refused: machines that we do not have, as
 * records. A refusal names the bit; the bits here are from the manuals: SDM vol. 3D,
 * appendix A, and APM vol. 2, 15.4 and 15.25.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "kernel/vm/preflight.h"
#include "svm/svm.h"
#include "test/unit/cpu_rec.h"
#include "vmx/vmx.h"

static struct cpu_raw raw;
static struct vmm_probe probe;

static uint64_t *msr(uint32_t index)
{
	return cpu_rec_msr(&raw, index);
}

static void without_msr(uint32_t index)
{
	for (unsigned i = 0; i < raw.nmsrs; i++)
		if (raw.msrs[i].index == index)
			raw.msrs[i].present = false;
}

static void below(const char *name)
{
	raw.leaf1.ecx |= CPUID_1_ECX_HYPERVISOR;
	memcpy(&raw.hypervisor.ebx, name, 12);
}

/* What is allowed to be 1: everything; what must be: what it was on the first CPUs. */
static void good_intel(void)
{
	memset(&raw, 0, sizeof(raw));
	memcpy(&raw.leaf0.ebx, "Genu", 4);
	raw.leaf1.eax = 0x50654; /* Skylake */
	raw.leaf1.ecx = CPUID_1_ECX_VMX;
	raw.ext0.eax = 0x80000008;
	raw.ext8.eax = 39;
	*msr(0x3a) = 5;
	*msr(0x480) = UINT64_C(1) << 55 | UINT64_C(6) << 50 | UINT64_C(4096) << 32 | 1;
	*msr(0x481) = UINT64_C(0xff) << 32 | 0x16;
	*msr(0x482) = UINT64_C(0xffffffff) << 32 | 0x0401e172;
	*msr(0x483) = UINT64_C(0xffffffff) << 32 | 0x00036dff;
	*msr(0x484) = UINT64_C(0xffffffff) << 32 | 0x000011ff;
	*msr(0x485) = 0;
	*msr(0x486) = 0x80000021;
	*msr(0x487) = UINT32_MAX;
	*msr(0x488) = 0x2000;
	*msr(0x489) = UINT32_MAX;
	*msr(0x48b) = UINT64_C(0xffffffff) << 32;
	*msr(0x48c) =
		1 | 1 << 6 | 1 << 14 | 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21 | 1 << 25 | 1 << 26;
	*msr(0x48d) = UINT64_C(0xff) << 32 | 0x16;
	*msr(0x48e) = UINT64_C(0xffffffff) << 32 | 0x04006172;
	*msr(0x48f) = UINT64_C(0xffffffff) << 32 | 0x00036dfb;
	*msr(0x490) = UINT64_C(0xffffffff) << 32 | 0x000011fb;
}

static void good_amd(void)
{
	memset(&raw, 0, sizeof(raw));
	memcpy(&raw.leaf0.ebx, "Auth", 4);
	raw.leaf1.eax = 0x800f11; /* Zen */
	raw.ext0.eax = 0x8000000a;
	raw.ext1.ecx = CPUID_EXT1_ECX_SVM;
	raw.ext1.edx = CPUID_EXT1_EDX_NX | CPUID_EXT1_EDX_PAGE1GB;
	raw.ext8.eax = 48;
	raw.ext_svm.eax = 1;
	raw.ext_svm.ebx = 16;
	raw.ext_svm.edx = 1;
	*msr(0xc0010114) = 0;
}

static void assert_usable(void (*f)(const struct cpu_raw *raw, struct vmm_probe *probe))
{
	memset(&probe, 0xaa, sizeof(probe));
	f(&raw, &probe);
	if (!probe.usable)
		fail_msg("refused: %s", probe.cause);
	assert_true(probe.present);
	assert_null(probe.cause);
	assert_null(probe.remedy);
	assert_true(probe.features[0] && strlen(probe.features) < sizeof(probe.features));
}

/* part: of the cause. */
static void assert_refused(void (*f)(const struct cpu_raw *raw, struct vmm_probe *probe),
			   bool present, const char *part)
{
	memset(&probe, 0xaa, sizeof(probe));
	f(&raw, &probe);
	assert_false(probe.usable);
	assert_int_equal(probe.present, present);
	assert_non_null(probe.cause);
	assert_non_null(probe.remedy);
	assert_true(probe.remedy[0]);
	if (!strstr(probe.cause, part))
		fail_msg("\"%s\" has no \"%s\"", probe.cause, part);
}

static void intel_with_everything(void **state)
{
	(void)state;
	good_intel();
	assert_usable(vmx_probe);
	assert_int_equal(probe.gpt.maxphyaddr, 39);
	assert_true(probe.gpt.leaf_2m && probe.gpt.leaf_1g);
	assert_true(probe.gpt.exec_only && probe.gpt.track_ad);
	assert_true(probe.unrestricted && probe.slice_timer);
	assert_int_equal(probe.asids, 0);
}

static void intel_with_the_least(void **state)
{
	(void)state;
	good_intel();
	*msr(0x48c) = 1 << 6 | 1 << 14 | 1 << 20 | 1 << 26;
	*msr(0x48b) &= ~(UINT64_C(1) << (32 + 7)); /* unrestricted guest */
	*msr(0x48d) &= ~(UINT64_C(1) << (32 + 6)); /* preemption timer */
	assert_usable(vmx_probe);
	assert_false(probe.gpt.leaf_2m || probe.gpt.leaf_1g);
	assert_false(probe.gpt.exec_only || probe.gpt.track_ad);
	assert_false(probe.unrestricted || probe.slice_timer);
	/* A timer whose rest is not saved is none. */
	good_intel();
	*msr(0x48f) &= ~(UINT64_C(1) << (32 + 22));
	assert_usable(vmx_probe);
	assert_false(probe.slice_timer);
}

/* The first CPUs have no TRUE controls: theirs must not be read. */
static void intel_without_true_controls(void **state)
{
	(void)state;
	good_intel();
	*msr(0x480) &= ~(UINT64_C(1) << 55);
	for (uint32_t i = 0x48d; i <= 0x490; i++)
		*msr(i) = 0;
	assert_usable(vmx_probe);
}

static void intel_physical_addresses(void **state)
{
	(void)state;
	good_intel();
	raw.ext8.eax = 0x3034;
	assert_usable(vmx_probe);
	assert_int_equal(probe.gpt.maxphyaddr, 52);
	raw.ext0.eax = 0x80000004; /* does not say */
	assert_usable(vmx_probe);
	assert_int_equal(probe.gpt.maxphyaddr, 36);
}

/* Large leaves are executable only where the CPU says that it bears it. */
static void intel_multihit(void **state)
{
	(void)state;
	good_intel();
	assert_usable(vmx_probe);
	assert_true(probe.gpt.small_exec);
	assert_non_null(strstr(probe.missing, "large executable"));
	*msr(0x10a) = ~(UINT64_C(1) << 6);
	assert_usable(vmx_probe);
	assert_true(probe.gpt.small_exec);
	*msr(0x10a) = UINT64_C(1) << 6;
	assert_usable(vmx_probe);
	assert_false(probe.gpt.small_exec);
	assert_null(strstr(probe.missing, "large executable"));
	good_amd();
	assert_usable(svm_probe);
	assert_false(probe.gpt.small_exec);
}

static void intel_feature_control(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 8; v++) {
		good_intel();
		*msr(0x3a) = v;
		if ((v & 1) && !(v & 4))
			assert_refused(vmx_probe, true, "IA32_FEATURE_CONTROL (MSR 0x3a)");
		else
			assert_usable(vmx_probe);
	}
}

static void no_vmx(void **state)
{
	(void)state;
	good_intel();
	raw.leaf1.ecx = 0; /* the MSRs are there all the same: emulators do that */
	assert_refused(vmx_probe, false, "CPUID.1:ECX bit 5");
	memset(&raw, 0, sizeof(raw));
	assert_refused(vmx_probe, false, "CPUID.1:ECX bit 5");
}

/* Below a hypervisor the owner has another way out. */
static void remedies_depend_on_what_is_below(void **state)
{
	(void)state;
	good_intel();
	raw.leaf1.ecx = 0;
	assert_refused(vmx_probe, false, "VMX");
	assert_null(strstr(probe.remedy, "hypervisor"));
	raw.leaf1.ecx = CPUID_1_ECX_HYPERVISOR;
	assert_refused(vmx_probe, false, "VMX");
	assert_non_null(strstr(probe.remedy, "hypervisor"));
}

/* Each control that is needed, taken away; each other one must not be missed. */
static void intel_controls(void **state)
{
	static const struct {
		uint32_t msr, plain;
		uint32_t needed;
	} words[] = {
		{ 0x48d, 0x481, 1 << 0 | 1 << 3 },
		{ 0x48e, 0x482,
		  1u << 31 | 1 << 2 | 1 << 7 | 1 << 19 | 1 << 20 | 1 << 23 | 1 << 24 | 1 << 28 },
		{ 0x48b, 0x48b, 1 << 1 },
		{ 0x48f, 0x483, 1 << 9 | 1 << 19 | 1 << 21 },
		{ 0x490, 0x484, 1 << 2 | 1 << 9 | 1 << 14 | 1 << 15 },
	};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		for (unsigned fine = 0; fine < 2; fine++)
			for (unsigned bit = 0; bit < 32; bit++) {
				char words_[32] = "bit ";

				good_intel();
				if (!fine)
					*msr(0x480) &= ~(UINT64_C(1) << 55);
				*msr(fine ? words[i].msr : words[i].plain) &=
					~(UINT64_C(1) << (32 + bit));
				if (!(words[i].needed >> bit & 1)) {
					assert_usable(vmx_probe);
					continue;
				}
				words_[4] = (char)(bit < 10 ? '0' + bit : '0' + bit / 10);
				words_[5] = (char)(bit < 10 ? ' ' : '0' + bit % 10);
				assert_refused(vmx_probe, true, words_);
			}
}

/* Guests need no exit of WBINVD; Xen's nested VMX has none. */
static void xen_below(void **state)
{
	(void)state;
	cpu_rec_read("xen-nested-l1", &raw);
	assert_usable(vmx_probe);
	assert_true(probe.gpt.leaf_2m && probe.gpt.leaf_1g && probe.unrestricted);
	assert_false(probe.gpt.track_ad || probe.gpt.exec_only);
	assert_true(probe.denies_all);
	assert_non_null(strstr(probe.missing, "WBINVD exiting"));
}

static void vmx_without_msrs(void **state)
{
	static const uint32_t all[] = { 0x3a,  0x480, 0x481, 0x482, 0x483, 0x484, 0x486, 0x487,
					0x488, 0x489, 0x48b, 0x48c, 0x48d, 0x48e, 0x48f, 0x490 };
	char number[16];

	(void)state;
	cpu_rec_read("vmx-bit-but-no-msrs", &raw);
	assert_refused(vmx_probe, true, "IA32_FEATURE_CONTROL (MSR 0x3a)");
	assert_non_null(strstr(probe.remedy, "firmware"));
	assert_null(strstr(probe.remedy, "take a CPU"));
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		good_intel();
		without_msr(all[i]);
		snprintf(number, sizeof(number), "(MSR 0x%x)", all[i]);
		assert_refused(vmx_probe, true, number);
	}
	good_intel();
	without_msr(0x3a);
	below("KVMKVMKVM\0\0\0");
	assert_refused(vmx_probe, true, "MSR 0x3a");
	assert_non_null(strstr(probe.remedy, "nested=1"));
}

/* The remedy follows from the cause. */
static void remedies_name_what_is_below(void **state)
{
	(void)state;
	good_intel();
	raw.leaf1.ecx = 0;
	below("VMwareVMware");
	assert_refused(vmx_probe, false, "VMX");
	assert_non_null(strstr(probe.remedy, "vhv.enable"));
	good_intel();
	*msr(0x48b) &= ~(UINT64_C(1) << (32 + 1));
	assert_refused(vmx_probe, true, "enable EPT");
	assert_non_null(strstr(probe.remedy, "a CPU with EPT"));
	below("XenVMMXenVMM");
	assert_refused(vmx_probe, true, "enable EPT");
	assert_non_null(strstr(probe.remedy, "XenVMMXenVMM"));
	assert_null(strstr(probe.remedy, "nestedhvm")); /* it is on */
	good_intel();
	*msr(0x3a) = 1;
	assert_refused(vmx_probe, true, "locked");
	assert_null(strstr(probe.remedy, "hypervisor"));
	below("XenVMMXenVMM");
	assert_refused(vmx_probe, true, "locked");
	assert_non_null(strstr(probe.remedy, "hypervisor"));
	good_amd();
	raw.ext_svm.edx = 0;
	below("KVMKVMKVM\0\0\0");
	assert_refused(svm_probe, true, "nested paging");
	assert_non_null(strstr(probe.remedy, "KVMKVMKVM"));
	raw.ext1.ecx = 0;
	assert_refused(svm_probe, false, "SVM");
	assert_non_null(strstr(probe.remedy, "nested=1"));
}

/* What is used on CPUs with errata. */
static void errata_are_gone_round(void **state)
{
	(void)state;
	good_intel();
	raw.leaf1.eax = 0x406d8; /* Avoton */
	assert_usable(vmx_probe);
	assert_false(probe.gpt.track_ad || probe.gpt.small_exec);
	assert_true(probe.slice_timer);
	raw.leaf1.eax = 0x106a5; /* Nehalem */
	assert_usable(vmx_probe);
	assert_false(probe.slice_timer);
	assert_true(probe.gpt.track_ad && probe.gpt.small_exec);
	good_amd();
	raw.leaf1.eax = 0x100f42;
	assert_usable(svm_probe);
	assert_false(probe.gpt.leaf_2m || probe.gpt.leaf_1g);
}

static void intel_ept(void **state)
{
	static const unsigned needed[] = { 6, 14, 20 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		good_intel();
		*msr(0x48c) &= ~(UINT64_C(1) << needed[i]);
		assert_refused(vmx_probe, true, "IA32_VMX_EPT_VPID_CAP bit");
	}
	good_intel();
	*msr(0x48c) &= ~(UINT64_C(1) << 25);
	assert_usable(vmx_probe);
	*msr(0x48c) |= UINT64_C(1) << 25;
	*msr(0x48c) &= ~(UINT64_C(1) << 26);
	assert_usable(vmx_probe);
	*msr(0x48c) &= ~(UINT64_C(1) << 25);
	assert_refused(vmx_probe, true, "INVEPT");
	good_intel();
	*msr(0x48c) = 0;
	assert_refused(vmx_probe, true, "EPT");
}

static void amd_with_everything(void **state)
{
	(void)state;
	good_amd();
	raw.ext_svm.edx = UINT32_MAX;
	assert_usable(svm_probe);
	assert_int_equal(probe.gpt.maxphyaddr, 48);
	assert_true(probe.gpt.leaf_2m && probe.gpt.leaf_1g && probe.gpt.track_ad);
	assert_false(probe.gpt.exec_only);
	assert_true(probe.unrestricted);
	assert_int_equal(probe.asids, 16);
}

static void amd_with_the_least(void **state)
{
	(void)state;
	good_amd();
	raw.ext1.edx = CPUID_EXT1_EDX_NX;
	raw.ext_svm.ebx = 2;
	raw.nmsrs = 0; /* no VM_CR: the first of them */
	assert_usable(svm_probe);
	assert_false(probe.gpt.leaf_1g);
	assert_int_equal(probe.asids, 2);
}

/* VM_CR: SVMDIS is bit 4, LOCK is bit 3. Disabled but not locked can be enabled. */
static void amd_locked_off(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 32; v++) {
		good_amd();
		*msr(0xc0010114) = v;
		if ((v & 0x18) == 0x18)
			assert_refused(svm_probe, true, "MSR 0xc0010114");
		else
			assert_usable(svm_probe);
	}
}

static void amd_lacks(void **state)
{
	(void)state;
	good_amd();
	raw.ext1.ecx = 0;
	assert_refused(svm_probe, false, "CPUID.8000_0001:ECX bit 2");
	good_amd();
	raw.ext_svm.edx = ~1u;
	assert_refused(svm_probe, true, "CPUID.8000_000A:EDX bit 0");
	for (unsigned asids = 0; asids < 2; asids++) { /* ASID 0 is the host's */
		good_amd();
		raw.ext_svm.ebx = asids;
		assert_refused(svm_probe, true, "CPUID.8000_000A:EBX");
	}
}

/* Each says of the other's CPU that it is not its own. */
static void neither_takes_the_others(void **state)
{
	(void)state;
	good_amd();
	assert_refused(vmx_probe, false, "VMX");
	good_intel();
	assert_refused(svm_probe, false, "SVM");
}

/* CPUs of one machine that differ: what one of them lacks, all go without, and it is named. */
static void all_go_without(void **state)
{
	struct vmm_probe common, own;
	char lost[VMM_TEXT_MAX];

	(void)state;
	good_intel();
	*msr(0x48c) |= UINT64_C(1) << 0 | 1 << 6 | 1 << 14 | 1 << 16 | 1 << 17 | 1 << 21;
	vmx_probe(&raw, &common);
	own = common;
	preflight_reduce(&common, &own, lost, sizeof(lost));
	assert_string_equal(lost, "");
	assert_memory_equal(&common, &own, sizeof(own));

	common.gpt = (struct vmm_gpt_caps){ 46, true, true, true, true, false };
	common.unrestricted = common.slice_timer = true;
	common.asids = 16;
	own.gpt = (struct vmm_gpt_caps){ 39, true, false, true, false, true };
	own.unrestricted = false;
	own.slice_timer = true;
	own.asids = 32;
	preflight_reduce(&common, &own, lost, sizeof(lost));
	assert_int_equal(common.gpt.maxphyaddr, 39);
	assert_true(common.gpt.leaf_2m && common.gpt.exec_only && common.slice_timer);
	assert_false(common.gpt.leaf_1g || common.gpt.track_ad || common.unrestricted);
	assert_true(common.gpt.small_exec);
	assert_int_equal(common.asids, 16);
	assert_non_null(strstr(lost, "1 GiB leaves"));
	assert_non_null(strstr(lost, "accessed and dirty"));
	assert_non_null(strstr(lost, "large executable"));
	assert_non_null(strstr(lost, "unrestricted"));
	assert_non_null(strstr(lost, "physical address"));
	assert_null(strstr(lost, "2 MiB"));
	assert_null(strstr(lost, "ASIDs"));
	preflight_reduce(&common, &own, lost, sizeof(lost));
	assert_string_equal(lost, "");
	own.asids = 8;
	preflight_reduce(&common, &own, lost, sizeof(lost));
	assert_string_equal(lost, "ASIDs");
	assert_int_equal(common.asids, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intel_with_everything),
		cmocka_unit_test(intel_with_the_least),
		cmocka_unit_test(intel_without_true_controls),
		cmocka_unit_test(intel_physical_addresses),
		cmocka_unit_test(intel_multihit),
		cmocka_unit_test(intel_feature_control),
		cmocka_unit_test(no_vmx),
		cmocka_unit_test(remedies_depend_on_what_is_below),
		cmocka_unit_test(intel_controls),
		cmocka_unit_test(xen_below),
		cmocka_unit_test(vmx_without_msrs),
		cmocka_unit_test(remedies_name_what_is_below),
		cmocka_unit_test(errata_are_gone_round),
		cmocka_unit_test(intel_ept),
		cmocka_unit_test(amd_with_everything),
		cmocka_unit_test(amd_with_the_least),
		cmocka_unit_test(amd_locked_off),
		cmocka_unit_test(amd_lacks),
		cmocka_unit_test(neither_takes_the_others),
		cmocka_unit_test(all_go_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
