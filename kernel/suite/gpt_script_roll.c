/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generates random scripts. Uniform choices would hardly ever fill a table, or hit what was
 * mapped before. So these prefer the ends of tables, often reuse the previous range, and
 * mostly map leaves that can be merged with their neighbors.
 */
#include "kernel/suite/gpt_script.h"

struct dice {
	uint64_t state;
	uint8_t a, b;		/* the previous range */
	uint8_t home_a, home_b; /* the first range, which is populated */
	uint8_t follow;		/* the kind that should follow the previous operation */
	uint8_t prot, type, pfn;
};

/* splitmix64: similar seeds give unrelated scripts. */
static uint64_t roll(struct dice *dice, unsigned n)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return ((z ^ z >> 31) >> 11) % n;
}

static bool one_in(struct dice *dice, unsigned n)
{
	return roll(dice, n) == 0;
}

static uint8_t pick(struct dice *dice, const uint8_t *from, unsigned n)
{
	return from[roll(dice, n)];
}

#define PICK(dice, ...)                                                                            \
	pick(dice, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static bool is_page(unsigned edge)
{
	return edge < GPT_ATOMS && gpt_edges[edge + 1] - gpt_edges[edge] == VMM_GPT_PAGE_SIZE;
}

static unsigned edge_at(uint64_t gpa)
{
	unsigned i = 0;

	while (i < GPT_EDGES && gpt_edges[i] != gpa)
		i++;
	return i;
}

/* The edge of an atom of one page, if possible in the previous range. */
static uint8_t roll_page(struct dice *dice)
{
	unsigned edge;

	if (one_in(dice, 80))
		return (uint8_t)(GPT_ATOMS + roll(dice, 3)); /* out of range */
	do
		edge = (unsigned)roll(dice, GPT_ATOMS);
	while (!is_page(edge));
	for (unsigned i = 0; i < 8 && (edge < dice->a || edge >= dice->b); i++) {
		unsigned other = (unsigned)(dice->a + roll(dice, 1u + dice->b - dice->a));

		if (is_page(other))
			edge = other;
	}
	return (uint8_t)edge;
}

/* The aligned 2 MiB, 1 GiB or 512 GiB around an edge. */
static void roll_block(struct dice *dice)
{
	static const uint8_t shifts[] = { 21, 21, 21, 30, 30, 30, 39 };
	uint64_t size = UINT64_C(1) << pick(dice, shifts, sizeof(shifts));
	unsigned start, end;

	do {
		uint64_t base = gpt_edges[roll(dice, GPT_ATOMS)] & ~(size - 1);

		start = edge_at(base);
		end = edge_at(base + size);
	} while (start >= GPT_EDGES || end >= GPT_EDGES);
	dice->a = (uint8_t)start;
	dice->b = (uint8_t)end;
}

static void set_range(struct dice *dice, unsigned a, unsigned b)
{
	dice->b = (uint8_t)(b > GPT_ATOMS ? GPT_ATOMS : b);
	dice->a = (uint8_t)(a < dice->b ? a : dice->b - 1u);
}

/* A few atoms of the previous range. */
static void roll_part(struct dice *dice)
{
	unsigned a = dice->a + (unsigned)roll(dice, 1u + dice->b - dice->a);

	set_range(dice, a, a + 1 + (unsigned)roll(dice, 3));
}

static void roll_range(struct dice *dice)
{
	unsigned a = (unsigned)roll(dice, GPT_ATOMS);

	switch (roll(dice, 16)) {
	default:
		return; /* the previous range */
	case 0:
	case 1:
		roll_block(dice);
		return;
	case 2: /* shifted by at most one edge at each end */
	case 3:
		set_range(dice, dice->a + (unsigned)roll(dice, 2),
			  dice->b + (unsigned)roll(dice, 2));
		return;
	case 4:
	case 5:
		roll_part(dice);
		return;
	case 6:
	case 7:
	case 8:
	case 9:
		set_range(dice, dice->home_a, dice->home_b);
		return;
	case 10:
		set_range(dice, a, a + 1 + (unsigned)roll(dice, GPT_ATOMS - a));
		return;
	case 11:
		set_range(dice, a, a + 1 + (unsigned)roll(dice, 6));
		return;
	}
}

static uint8_t roll_prot(struct dice *dice)
{
	if (one_in(dice, 4))
		dice->prot = PICK(dice, 1, 3, 5, 7, 7, 3);
	return one_in(dice, 12) ? PICK(dice, 0, 2, 4, 4, 6, 8, 255) : dice->prot;
}

static uint8_t roll_type(struct dice *dice)
{
	if (one_in(dice, 6))
		dice->type = PICK(dice, 0, 1, 4, 5, 6, 6);
	return one_in(dice, 20) ? PICK(dice, 2, 3, 7, 8, 255) : dice->type;
}

static uint8_t roll_pfn(struct dice *dice)
{
	if (one_in(dice, 6))
		dice->pfn = PICK(dice, 0, 0, 0, 1, 2, 3);
	return one_in(dice, 30) ? PICK(dice, 4, 5, 6, 7) : dice->pfn;
}

static const uint8_t kinds[] = {
	GPT_OP_POPULATE,     GPT_OP_POPULATE,	GPT_OP_POPULATE,
	GPT_OP_MAP_REGION,   GPT_OP_MAP_REGION, GPT_OP_MAP_REGION,
	GPT_OP_MAP,	     GPT_OP_MAP,	GPT_OP_MAP,
	GPT_OP_MAP_AT,	     GPT_OP_POPULATE,	GPT_OP_VACATE,
	GPT_OP_UNMAP_REGION, GPT_OP_SPLIT,	GPT_OP_SPLIT,
	GPT_OP_MERGE,	     GPT_OP_MERGE,	GPT_OP_UNMAP,
	GPT_OP_PROTECT,	     GPT_OP_PROTECT,	GPT_OP_RESET_ACCESSED,
	GPT_OP_RESET_DIRTY,  GPT_OP_COLLECT,	GPT_OP_ACCESS,
	GPT_OP_ACCESS,	     GPT_OP_ACCESS,	GPT_OP_PUT,
};

/* .follow: no preference. */
enum { NOTHING = 0xff };

static uint8_t roll_kind(struct dice *dice)
{
	uint8_t kind = pick(dice, kinds, sizeof(kinds));

	if (dice->follow != NOTHING && !one_in(dice, 3))
		kind = dice->follow;
	switch (kind) {
	case GPT_OP_POPULATE:
		dice->follow = GPT_OP_MAP_REGION;
		break;
	case GPT_OP_MAP_REGION:
		dice->follow = PICK(dice, NOTHING, GPT_OP_ACCESS, GPT_OP_ACCESS, GPT_OP_ACCESS,
				    GPT_OP_ACCESS, GPT_OP_SPLIT, GPT_OP_MERGE, GPT_OP_MERGE,
				    GPT_OP_PROTECT, GPT_OP_UNMAP_REGION);
		break;
	case GPT_OP_ACCESS:
		dice->follow = PICK(dice, GPT_OP_ACCESS, GPT_OP_SPLIT, GPT_OP_MERGE, GPT_OP_COLLECT,
				    GPT_OP_COLLECT, GPT_OP_UNMAP, GPT_OP_PROTECT,
				    GPT_OP_RESET_ACCESSED, GPT_OP_RESET_DIRTY);
		break;
	case GPT_OP_UNMAP_REGION:
		dice->follow = PICK(dice, NOTHING, GPT_OP_VACATE, GPT_OP_MAP_REGION);
		break;
	case GPT_OP_VACATE:
		dice->follow = GPT_OP_POPULATE;
		break;
	case GPT_OP_SPLIT:
		dice->follow = GPT_OP_MERGE;
		break;
	default:
		dice->follow = NOTHING;
		break;
	}
	return kind;
}

/* Operations that may have to split large entries. */
static bool cuts(unsigned kind)
{
	return kind == GPT_OP_VACATE || kind == GPT_OP_UNMAP_REGION || kind == GPT_OP_PROTECT ||
	       kind == GPT_OP_MAP_REGION;
}

/* Makes the arguments invalid. */
static void spoil(struct dice *dice, struct gpt_op *op)
{
	switch (roll(dice, 4)) {
	case 0:
		op->flags |= GPT_OFF_START;
		break;
	case 1:
		op->flags |= GPT_OFF_END;
		break;
	case 2:
		op->b = gpt_op_takes_range(op->kind) ? op->a : op->b;
		break;
	default:
		op->b = (uint8_t)(GPT_EDGES + roll(dice, 2));
		break;
	}
}

static uint8_t roll_level(struct dice *dice, unsigned kind)
{
	switch (kind) {
	case GPT_OP_SPLIT:
		return PICK(dice, 1, 1, 1, 1, 2, 2, 2, 3, 4, 0, 5);
	case GPT_OP_MERGE:
		return PICK(dice, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 1, 0,
			    255);
	case GPT_OP_MAP:
		return PICK(dice, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 0, 255);
	case GPT_OP_RESET_ACCESSED:
	case GPT_OP_RESET_DIRTY:
		return PICK(dice, 0, 0, 0, 0, 0, 1, 2, 3, 4);
	default:
		return one_in(dice, 30) ? PICK(dice, 0, 4, 255) :
					  PICK(dice, 1, 1, 1, 2, 2, 3, 3, 3);
	}
}

static void roll_op(struct dice *dice, struct gpt_op *op)
{
	*op = (struct gpt_op){ .kind = roll_kind(dice) };
	op->level = roll_level(dice, op->kind);
	op->prot = roll_prot(dice);
	op->type = roll_type(dice);
	op->pfn = roll_pfn(dice);
	if (gpt_op_takes_range(op->kind)) {
		roll_range(dice);
		if (cuts(op->kind) && one_in(dice, 4))
			roll_part(dice);
		op->a = dice->a;
		op->b = dice->b;
	} else {
		op->a = roll_page(dice);
	}
	if (op->kind == GPT_OP_COLLECT)
		op->prot = PICK(dice, 0, 1, 2, 3, 3);
	if (op->kind == GPT_OP_ACCESS)
		op->prot = PICK(dice, VMM_GPT_READ, VMM_GPT_WRITE, VMM_GPT_WRITE, VMM_GPT_EXEC);
	if (one_in(dice, 2))
		op->flags |= GPT_ON;
	if (one_in(dice, 3))
		op->flags |= GPT_NO_TAKEN;
	if (one_in(dice, cuts(op->kind) ? 5 : 12))
		op->fail = (uint8_t)(1 + roll(dice, 3));
	if (one_in(dice, 30))
		spoil(dice, op);
}

void gpt_script_roll(struct gpt_script *script, uint64_t seed, unsigned count)
{
	struct dice dice = { .state = seed * UINT64_C(0xd1342543de82ef95) + 1,
			     .follow = GPT_OP_MAP_REGION,
			     .prot = VMM_GPT_READ | VMM_GPT_WRITE,
			     .type = VMM_GPT_WB };

	roll_block(&dice);
	dice.home_a = dice.a;
	dice.home_b = dice.b;
	script->caps = (struct vmm_gpt_caps){
		.maxphyaddr = PICK(&dice, 32, 36, 39, 46, 52),
		.leaf_2m = !one_in(&dice, 6),
		.leaf_1g = !one_in(&dice, 4),
		.exec_only = one_in(&dice, 5),
		.track_ad = !one_in(&dice, 8),
		.small_exec = one_in(&dice, 5),
	};
	script->limit = PICK(&dice, 12, 24, 40, 64);
	script->count = (uint16_t)(count < GPT_SCRIPT_MAX ? count : GPT_SCRIPT_MAX);
	for (unsigned i = 0; i < script->count; i++)
		roll_op(&dice, &script->ops[i]);
	/* The first operation populates the home range, so that the others find entries there. */
	if (script->count)
		script->ops[0] = (struct gpt_op){ .kind = GPT_OP_POPULATE,
						  .a = dice.home_a,
						  .b = dice.home_b,
						  .level = PICK(&dice, 1, 2, 3, 3) };
}
