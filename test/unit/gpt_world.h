/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a script (kernel/suite/gpt_script.h) on the build machine, on both formats. After each
 * operation, compares them with each other, with the specification (gpt_model.h) and with
 * the CPU's view (gpt_decode.h).
 */
#ifndef TEST_UNIT_GPT_WORLD_H
#define TEST_UNIT_GPT_WORLD_H

#include "kernel/suite/gpt_script.h"

/* Statistics, in memory that child processes share. */
struct gpt_tally {
	uint64_t scripts, operations;
	uint64_t errors[GPT_OP_KINDS][VMM_GPT_RETRY + 1];
	uint64_t flushes[GPT_OP_KINDS][VMM_GPT_FLUSH_REQUIRED + 1];
	uint64_t changed[GPT_OP_KINDS], did_nothing[GPT_OP_KINDS];
	uint64_t leaves[4]; /* as the CPU sees them, by level */
};

/* NULL, or the error in words; *at: the operation. log: prints each operation. */
const char *gpt_world_run(const struct gpt_script *script, struct gpt_tally *tally, bool log,
			  unsigned *at);

#endif
