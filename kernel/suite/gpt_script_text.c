/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints and parses scripts as text. */
#include "kernel/suite/gpt_script.h"

#include "kernel/lib/format.h"

static const char letters[GPT_OP_KINDS + 1] = "pvsgmnruwtadkxf";

static const char *const names[GPT_OP_KINDS] = {
	"populate",	  "vacate",	 "split",   "merge",	    "map",
	"map_at",	  "map_region",	 "unmap",   "unmap_region", "protect",
	"reset_accessed", "reset_dirty", "collect", "access",	    "put_taken",
};

const char *gpt_op_name(unsigned kind)
{
	return kind < GPT_OP_KINDS ? names[kind] : "?";
}

bool gpt_op_takes_range(unsigned kind)
{
	return kind == GPT_OP_POPULATE || kind == GPT_OP_VACATE || kind == GPT_OP_MAP_REGION ||
	       kind == GPT_OP_UNMAP_REGION || kind == GPT_OP_PROTECT || kind == GPT_OP_COLLECT;
}

enum { FIELDS = 8, CAPS_FIELDS = 3 };

/* The maximum of each field. */
static const uint8_t most[FIELDS] = { GPT_EDGES + 1, GPT_EDGES + 1, 255, 255, 255, 7, 15, 255 };

static void to_fields(const struct gpt_op *op, unsigned fields[FIELDS])
{
	const unsigned all[FIELDS] = { op->a,	 op->b,	  op->level, op->prot,
				       op->type, op->pfn, op->flags, op->fail };

	for (unsigned i = 0; i < FIELDS; i++)
		fields[i] = all[i];
}

static size_t print_word(char *text, size_t size, char letter, const unsigned *fields,
			 unsigned count)
{
	size_t n = (size_t)format(text, size, "%c", letter);

	while (count > 1 && !fields[count - 1])
		count--;
	for (unsigned i = 0; i < count && n < size; i++)
		n += (size_t)format(text + n, size - n, i ? ".%x" : "%x", fields[i]);
	return n;
}

size_t gpt_script_print(char *text, size_t size, const struct gpt_script *script)
{
	const struct vmm_gpt_caps *caps = &script->caps;
	unsigned fields[FIELDS] = { caps->maxphyaddr,
				    (unsigned)caps->leaf_2m | (unsigned)caps->leaf_1g << 1 |
					    (unsigned)caps->exec_only << 2 |
					    (unsigned)caps->track_ad << 3 |
					    (unsigned)caps->small_exec << 4,
				    script->limit };
	size_t n = print_word(text, size, 'c', fields, CAPS_FIELDS);

	for (unsigned i = 0; i < script->count && n + 1 < size; i++) {
		text[n++] = ',';
		to_fields(&script->ops[i], fields);
		n += print_word(text + n, size - n, letters[script->ops[i].kind], fields, FIELDS);
	}
	return n;
}

/* A hexadecimal number of one to four digits; advances *at past it. */
static bool parse_field(const char **at, const char *end, unsigned *value)
{
	const char *first = *at;

	*value = 0;
	for (; *at < end && *at - first < 4; ++*at) {
		char c = **at;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (unsigned)(c - 'a' + 10);
		else
			break;
	}
	return *at > first;
}

static bool parse_fields(const char *at, const char *end, unsigned *fields, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		fields[i] = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!parse_field(&at, end, &fields[i]))
			return false;
		if (at == end)
			return true;
		if (*at++ != '.')
			return false;
	}
	return false;
}

static bool parse_caps(struct gpt_script *script, const char *at, const char *end)
{
	unsigned fields[CAPS_FIELDS];

	if (*at != 'c' || !parse_fields(at + 1, end, fields, CAPS_FIELDS) || fields[0] < 32 ||
	    fields[0] > 52 || fields[1] > 31 || !fields[2])
		return false;
	script->caps = (struct vmm_gpt_caps){
		.maxphyaddr = (uint8_t)fields[0],
		.leaf_2m = fields[1] & 1,
		.leaf_1g = fields[1] & 2,
		.exec_only = fields[1] & 4,
		.track_ad = fields[1] & 8,
		.small_exec = fields[1] & 16,
	};
	script->limit = (uint16_t)fields[2];
	return true;
}

static bool parse_op(struct gpt_script *script, const char *at, const char *end)
{
	unsigned fields[FIELDS], kind = 0;

	while (kind < GPT_OP_KINDS && letters[kind] != *at)
		kind++;
	if (kind == GPT_OP_KINDS || script->count == GPT_SCRIPT_MAX ||
	    !parse_fields(at + 1, end, fields, FIELDS))
		return false;
	for (unsigned i = 0; i < FIELDS; i++)
		if (fields[i] > most[i])
			return false;
	/* The level of a walk is at most VMM_GPT_LEVELS. */
	if ((kind == GPT_OP_RESET_ACCESSED || kind == GPT_OP_RESET_DIRTY) &&
	    fields[2] > VMM_GPT_LEVELS)
		return false;
	script->ops[script->count++] = (struct gpt_op){
		.kind = (uint8_t)kind,
		.a = (uint8_t)fields[0],
		.b = (uint8_t)fields[1],
		.level = (uint8_t)fields[2],
		.prot = (uint8_t)fields[3],
		.type = (uint8_t)fields[4],
		.pfn = (uint8_t)fields[5],
		.flags = (uint8_t)fields[6],
		.fail = (uint8_t)fields[7],
	};
	return true;
}

bool gpt_script_parse(struct gpt_script *script, const char *text, size_t length, const char **bad)
{
	const char *end = text + length, *at = text;
	bool first = true;

	*script = (struct gpt_script){ .limit = 0 };
	do {
		const char *word = at;

		while (at < end && *at != ',')
			at++;
		*bad = word;
		if (word == at ||
		    !(first ? parse_caps(script, word, at) : parse_op(script, word, at)))
			return false;
		first = false;
	} while (at++ < end);
	return true;
}

void gpt_op_describe(char *text, size_t size, const struct gpt_script *script,
		     const struct gpt_op *op)
{
	static const char *const rights[] = {
		"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"
	};
	const bool maps = op->kind == GPT_OP_MAP || op->kind == GPT_OP_MAP_AT ||
			  op->kind == GPT_OP_MAP_REGION;
	struct gpt_args args;
	size_t n;

	gpt_op_args(script, op, &args);
	n = (size_t)format(text, size, "%s 0x%lx", gpt_op_name(op->kind),
			   (unsigned long)args.start);
	if (gpt_op_takes_range(op->kind) && n < size)
		n += (size_t)format(text + n, size - n, "..0x%lx", (unsigned long)args.end);
	if (maps && n < size)
		n += (size_t)format(text + n, size - n, " pfn 0x%lx type %u%s",
				    (unsigned long)args.pfn, op->type,
				    op->flags & GPT_NO_TAKEN ? ", no taken," : "");
	if (n < size)
		n += (size_t)format(text + n, size - n, " level %u %s%s", op->level,
				    op->prot < 8 ? rights[op->prot] : "?",
				    op->flags & GPT_ON ? ", on" : "");
	if (op->fail && n < size)
		format(text + n, size - n, ", no memory from table %u on", op->fail);
}
