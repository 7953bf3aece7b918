/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A script (kernel/suite/gpt_script.h) on the build machine: on both formats, with the
 * specification (gpt_model.h) and the CPU's own view (gpt_decode.h) beside, all of
 * which are compared after each operation.
 */
#ifndef TEST_UNIT_GPT_WORLD_H
#define TEST_UNIT_GPT_WORLD_H

#include "kernel/suite/gpt_script.h"

/* How often what came about; in memory that child processes share. */
struct gpt_tally {
	uint64_t scripts, operations;
	uint64_t errors[GPT_OP_KINDS][VMM_GPT_RETRY + 1];
	uint64_t flushes[GPT_OP_KINDS][VMM_GPT_FLUSH_REQUIRED + 1];
	uint64_t changed[GPT_OP_KINDS], did_nothing[GPT_OP_KINDS];
	uint64_t leaves[4]; /* by level, seen by the CPU */
};

/* NULL, or what went wrong in operation *at. log: each operation is printed. */
const char *gpt_world_run(const struct gpt_script *script, struct gpt_tally *tally, bool log,
			  unsigned *at);

#endif
