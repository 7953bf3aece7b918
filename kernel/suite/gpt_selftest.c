/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/gpt_selftest.h"

#include "kernel/host/pages.h"
#include "kernel/host/slab.h"
#include "kernel/lib/log.h"

enum { SCRIPTS = 12, COMPARE_EVERY = 8 };

static struct slab nodes = { .size = sizeof(struct vmm_gpt_node) };

static struct vmm_gpt_node *get_table(void *ctx)
{
	struct vmm_gpt_node *node = slab_alloc(ctx);
	uint64_t pfn = node ? page_alloc_zeroed(FRAME_TABLE) : 0;

	if (!pfn) {
		if (node)
			slab_free(ctx, node);
		return NULL;
	}
	node->pfn = pfn;
	page_frame(pfn)->owner = node;
	return node;
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	page_free(node->pfn, FRAME_TABLE);
	slab_free(ctx, node);
}

static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	(void)ctx;
	return page_frame(pfn)->owner;
}

/* NULL, or the error in words; *at is then the number of operations done. */
static const char *run(const struct gpt_script *script, unsigned *at)
{
	static struct gpt_pair pair;
	const struct vmm_gpt_hooks hooks = {
		.ctx = &nodes,
		.page_base = (uintptr_t)page_ptr(0),
		.get_table = get_table,
		.put_table = put_table,
		.node_of = node_of,
	};
	const struct vmm_gpt_hooks both[2] = { hooks, hooks };
	const char *error = gpt_pair_init(&pair, script, both), *lost;

	for (*at = 0; *at < script->count && !error; ++*at) {
		log_alive();
		error = gpt_pair_do(&pair, script, &script->ops[*at]);
		if (!error && ((*at + 1) % COMPARE_EVERY == 0 || *at + 1 == script->count))
			error = gpt_pair_compare(&pair);
	}
	lost = gpt_pair_fini(&pair);
	return error ? error : lost;
}

static bool fails(const struct gpt_script *script)
{
	unsigned at;

	return run(script, &at);
}

static const char *run_and_tell(const struct gpt_script *script)
{
	static struct gpt_script shorter;
	static char text[4096];
	unsigned at;
	const char *error = run(script, &at);

	if (!error)
		return NULL;
	shorter = *script;
	gpt_script_shrink(&shorter, fails);
	error = run(&shorter, &at);
	gpt_script_print(text, sizeof(text), &shorter);
	note("gpt: wrong after %u operations; again: gpt-script=%s", at, text);
	return error ? error : "a script failed once, and then no more";
}

const char *gpt_selftest(uint64_t seed, const struct gpt_script *script)
{
	static struct gpt_script rolled;
	uint64_t before = pages_free_count();
	const char *error = NULL;

	if (script->limit)
		return run_and_tell(script);
	for (unsigned i = 0; i < SCRIPTS && !error; i++) {
		gpt_script_roll(&rolled, (seed ? seed : 1) + i, GPT_SCRIPT_OPS);
		error = run_and_tell(&rolled);
	}
	if (!error && pages_free_count() != before)
		error = "pages were lost";
	return error;
}
