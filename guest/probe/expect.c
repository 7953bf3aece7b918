/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/probe/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum { CODE_PAGES = (GUEST_IMAGE + IMAGE_SIZE - GUEST_ENTRY) / 4096 };

const struct guest guest_probe = {
	.name = "probe",
	.title = "CPUID, MSRs, control registers and instructions, by the policy",
	.needs_denials = true,
	.regions = {
		GUEST_IMAGE_REGION(guest_probe_image),
		{ .name = "stack", .start = PROBE_STACK, .size = 4096 },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_EXEC, GUEST_ENTRY, CODE_PAGES, 4096 },
			{ STEP_WRITE, PROBE_STACK, 1, 0 }, /* by the first exception */
		},
		.exits = {
			[EXIT_CPUID] = PROBE_CPUIDS,
			[EXIT_CR] = PROBE_CRS,
			[EXIT_MSR] = PROBE_MSRS,
			[EXIT_IO] = PROBE_IOS,
			[EXIT_CACHE] = 1, /* INVD, and optionally WBINVD */
			[EXIT_HYPERCALL] = 1,
		},
		.optional = {
			[EXIT_CACHE] = 1,
			[EXIT_CR] = PROBE_CRS_REFUSED + PROBE_CR4_READS,
			[EXIT_REFUSED_INSN] = PROBE_REFUSED,
			[EXIT_XSETBV] = PROBE_XSETBVS_REFUSED,
		},
		.end = { .kind = END_DONE },
	},
};
