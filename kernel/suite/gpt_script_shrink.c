/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a failing script shorter, and its remaining operations simpler. */
#include "kernel/suite/gpt_script.h"

static struct gpt_script trial;

/* Removes as many operations as possible: first many at once, then one at a time. */
static void drop(struct gpt_script *script, gpt_script_fails_fn *fails)
{
	for (unsigned n = script->count / 2; n; n /= 2)
		for (unsigned at = 0; at + n <= script->count;) {
			trial = *script;
			trial.count = (uint16_t)(script->count - n);
			for (unsigned i = at; i < trial.count; i++)
				trial.ops[i] = script->ops[i + n];
			if (fails(&trial))
				*script = trial;
			else
				at += n;
		}
}

/* Sets one field of an operation to a simple value, if the script then still fails. */
static void simplify_field(struct gpt_script *script, unsigned at, size_t field,
			   gpt_script_fails_fn *fails)
{
	static const struct gpt_op plain = { .level = 1, .prot = VMM_GPT_RWX, .type = VMM_GPT_WB };
	uint8_t value = ((const uint8_t *)&plain)[field];

	trial = *script;
	((uint8_t *)&trial.ops[at])[field] = value;
	if (((const uint8_t *)&script->ops[at])[field] != value && fails(&trial))
		*script = trial;
}

static void simplify(struct gpt_script *script, gpt_script_fails_fn *fails)
{
	for (unsigned i = 0; i < script->count; i++) {
		for (size_t field = offsetof(struct gpt_op, level); field < sizeof(struct gpt_op);
		     field++)
			simplify_field(script, i, field, fails);
		while (script->ops[i].b > script->ops[i].a + 1) {
			trial = *script;
			trial.ops[i].b--;
			if (!fails(&trial))
				break;
			*script = trial;
		}
	}
	trial = *script;
	trial.caps = (struct vmm_gpt_caps){
		.maxphyaddr = 52, .leaf_2m = true, .leaf_1g = true, .track_ad = true
	};
	trial.limit = 40;
	if (fails(&trial))
		*script = trial;
}

void gpt_script_shrink(struct gpt_script *script, gpt_script_fails_fn *fails)
{
	for (unsigned before = ~0u; script->count < before;) {
		before = script->count;
		drop(script, fails);
		simplify(script, fails);
	}
}
