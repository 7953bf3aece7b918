/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/cmdline.h"

#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/string.h"

enum { SOAK_MAX = 24 * 60 * 60, SLOW_MAX = 1000 };

/* Part of the text; not NUL-terminated. */
struct word {
	const char *at;
	int length;
};

struct parser {
	const char *const *names;
	unsigned count;
	struct cmdline *out;
	char *error;
	size_t size;
	bool ok;
};

static bool is(struct word w, const char *s)
{
	return (size_t)w.length == strlen(s) && strncmp(w.at, s, (size_t)w.length) == 0;
}

/* If the word begins with key, *value is the rest of it. */
static bool value_of(struct word w, const char *key, struct word *value)
{
	int n = (int)strlen(key);

	if (w.length < n || strncmp(w.at, key, (size_t)n) != 0)
		return false;
	*value = (struct word){ w.at + n, w.length - n };
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word before end; advances *at past it. False: there is none. */
static bool next_word(const char **at, const char *end, struct word *w)
{
	while (*at < end && is_blank(**at))
		++*at;
	w->at = *at;
	while (*at < end && !is_blank(**at))
		++*at;
	w->length = (int)(*at - w->at);
	return w->length;
}

static void complain(struct parser *p, const char *what, struct word w, const char *known)
{
	if (p->ok)
		format(p->error, p->size, "%s \"%.*s\"; known are: %s", what, w.length, w.at,
		       known);
	p->ok = false;
}

static void complain_of_name(struct parser *p, const char *what, struct word w)
{
	char list[256];
	size_t n = 0;

	list[0] = 0;
	for (unsigned i = 0; i < p->count && n < sizeof(list); i++)
		n += (size_t)format(list + n, sizeof(list) - n, i ? ", %s" : "%s", p->names[i]);
	complain(p, what, w, list);
}

static uint64_t parse_names(struct parser *p, const char *what, struct word list)
{
	const char *end = list.at + list.length;
	uint64_t mask = 0;

	for (const char *at = list.at; at <= end; at++) {
		struct word w = { at, 0 };
		unsigned i = 0;

		while (at < end && *at != ',')
			at++;
		w.length = (int)(at - w.at);
		while (i < p->count && !is(w, p->names[i]))
			i++;
		if (i < p->count)
			mask |= UINT64_C(1) << i;
		else
			complain_of_name(p, what, w);
	}
	return mask;
}

/* Decimal, one to nine digits. */
static bool parse_number(struct word w, uint64_t *n)
{
	*n = 0;
	for (int i = 0; i < w.length; i++) {
		if (w.at[i] < '0' || w.at[i] > '9')
			return false;
		*n = *n * 10 + (uint64_t)(w.at[i] - '0');
	}
	return w.length > 0 && w.length < 10;
}

static void parse_fail_alloc(struct parser *p, struct word value)
{
	if (is(value, "all"))
		p->out->fail_alloc = CMDLINE_FAIL_ALL;
	else if (!parse_number(value, &p->out->fail_alloc) || !p->out->fail_alloc)
		complain(p, "impossible fail-alloc=", value, "1 to 999999999, all");
}

static void parse_soak(struct parser *p, struct word value)
{
	if (!parse_number(value, &p->out->soak) || !p->out->soak || p->out->soak > SOAK_MAX)
		complain(p, "impossible soak=", value, "1 to 86400");
}

static void parse_seed(struct parser *p, struct word value)
{
	if (!parse_number(value, &p->out->seed) || !p->out->seed)
		complain(p, "impossible seed=", value, "1 to 999999999");
}

static void parse_slow(struct parser *p, struct word value)
{
	if (!parse_number(value, &p->out->slow) || !p->out->slow || p->out->slow > SLOW_MAX)
		complain(p, "impossible slow=", value, "1 to 1000");
}

static void parse_gpt_seed(struct parser *p, struct word value)
{
	if (!parse_number(value, &p->out->gpt_seed) || !p->out->gpt_seed)
		complain(p, "impossible gpt-seed=", value, "1 to 999999999");
}

static void parse_gpt_script(struct parser *p, struct word value)
{
	const char *bad, *end = value.at + value.length, *at;

	if (gpt_script_parse(&p->out->gpt_script, value.at, (size_t)value.length, &bad))
		return;
	for (at = bad; at < end && *at != ',';)
		at++;
	complain(p, "impossible in gpt-script=", (struct word){ bad, (int)(at - bad) },
		 "the words of a script that failed");
}

static bool find_exit(struct word value, enum machine_exit *how)
{
	static const char *const hows[] = { "halt", "qemu", "bochs" };

	for (unsigned i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (is(value, hows[i])) {
			*how = (enum machine_exit)i;
			return true;
		}
	return false;
}

static void parse_exit(struct parser *p, struct word value)
{
	if (!find_exit(value, &p->out->exit))
		complain(p, "unknown exit=", value, "halt, qemu, bochs");
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_one_of(char c, const char *chars)
{
	while (*chars && *chars != c)
		chars++;
	return *chars;
}

static void parse_machine(struct parser *p, struct word value)
{
	bool ok = value.length && value.length < CMDLINE_MACHINE_MAX;

	for (int i = 0; i < value.length; i++)
		ok &= (value.at[i] >= 'a' && value.at[i] <= 'z') ||
		      (value.at[i] >= '0' && value.at[i] <= '9') || value.at[i] == '-';
	if (ok)
		format(p->out->machine, CMDLINE_MACHINE_MAX, "%.*s", value.length, value.at);
	else
		complain(p, "impossible machine=", value,
			 "up to 31 lower-case letters, digits and hyphens");
}

static void parse_leaf(struct parser *p, struct word value)
{
	static const char *const sizes[] = { "4k", "2m", "1g" };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (is(value, sizes[i])) {
			p->out->leaf = i + 1;
			return;
		}
	complain(p, "unknown leaf=", value, "4k, 2m, 1g");
}

static void parse_kick(struct parser *p, struct word value)
{
	if (is(value, "int") || is(value, "nmi"))
		p->out->kick_nmi = is(value, "nmi");
	else
		complain(p, "unknown kick=", value, "int, nmi");
}

static void parse_below(struct parser *p, struct word value)
{
	bool ok = value.length && value.length < CMDLINE_BELOW_MAX;

	for (int i = 0; i < value.length; i++)
		ok &= is_alnum(value.at[i]) || is_one_of(value.at[i], "._+~=,-");
	if (ok)
		format(p->out->below, CMDLINE_BELOW_MAX, "%.*s", value.length, value.at);
	else
		complain(p, "impossible below=", value,
			 "up to 127 letters, digits and any of ._+~=,-");
}

static void parse_run(struct parser *p, struct word value)
{
	p->out->run |= parse_names(p, "unknown guest in run=", value);
}

static void parse_known(struct parser *p, struct word value)
{
	p->out->known |= parse_names(p, "unknown guest in known=", value);
}

static void parse_check(struct parser *p, struct word value)
{
	p->out->check_tlb = is(value, "tlb");
	if (!is(value, "tlb") && !is(value, "none"))
		complain(p, "unknown check=", value, "tlb, none");
}

static void parse_trace(struct parser *p, struct word value)
{
	(void)value;
	p->out->trace = true;
}

static void parse_small_exec(struct parser *p, struct word value)
{
	(void)value;
	p->out->small_exec = true;
}

static void parse_large_exec(struct parser *p, struct word value)
{
	(void)value;
	p->out->large_exec = true;
}

static void parse_fep(struct parser *p, struct word value)
{
	(void)value;
	p->out->fep = true;
}

/* In the order in which the message for an unknown word lists them. */
static const struct {
	const char *key; /* ends with "=" if it takes a value */
	void (*parse)(struct parser *p, struct word value);
} keys[] = {
	{ "run=", parse_run },
	{ "trace", parse_trace },
	{ "exit=", parse_exit },
	{ "fail-alloc=", parse_fail_alloc },
	{ "check=", parse_check },
	{ "kick=", parse_kick },
	{ "leaf=", parse_leaf },
	{ "large-exec", parse_large_exec },
	{ "small-exec", parse_small_exec },
	{ "soak=", parse_soak },
	{ "seed=", parse_seed },
	{ "slow=", parse_slow },
	{ "gpt-seed=", parse_gpt_seed },
	{ "gpt-script=", parse_gpt_script },
	{ "known=", parse_known },
	{ "machine=", parse_machine },
	{ "below=", parse_below },
	{ "fep", parse_fep },
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static void complain_of_word(struct parser *p, struct word w)
{
	char list[256];
	size_t n = 0;

	for (unsigned i = 0; i < KEYS; i++)
		n += (size_t)format(list + n, sizeof(list) - n, i ? ", %s" : "%s", keys[i].key);
	complain(p, "unknown word", w, list);
}

static void parse_word(struct parser *p, struct word w)
{
	struct word value;

	for (unsigned i = 0; i < KEYS; i++) {
		const char *key = keys[i].key;
		bool has_value = key[strlen(key) - 1] == '=';

		if (value_of(w, key, &value) && (has_value || !value.length)) {
			keys[i].parse(p, value);
			return;
		}
	}
	complain_of_word(p, w);
}

bool cmdline_parse(const char *text, const char *const names[], unsigned count,
		   struct cmdline *cmdline, char *error, size_t size)
{
	struct parser p = { names, count, cmdline, error, size, true };
	struct word w;

	*cmdline = (struct cmdline){ .leaf = 1, .slow = 1 };
	while (next_word(&text, text + strlen(text), &w))
		parse_word(&p, w);
	if (!cmdline->run && !cmdline->soak)
		cmdline->run = ~UINT64_C(0);
	if (cmdline->soak && cmdline->fail_alloc && p.ok) {
		format(error, size, "soak= and fail-alloc= do not go together");
		p.ok = false;
	}
	return p.ok;
}

enum machine_exit cmdline_exit(const char *text, size_t size, enum machine_exit how)
{
	const char *end = text;
	struct word w, value;

	while (size-- && *end)
		end++;
	while (next_word(&text, end, &w))
		if (value_of(w, "exit=", &value))
			find_exit(value, &how);
	return how;
}

/* No known word has a "/" before its "=". */
static bool is_image(struct word w)
{
	struct word rest;

	for (int i = 0; i < w.length && w.at[i] != '='; i++)
		if (w.at[i] == '/')
			return true;
	return value_of(w, "nestbox", &rest);
}

const char *cmdline_skip_image(const char *line)
{
	const char *at = line;
	struct word w;

	if (!next_word(&at, line + strlen(line), &w) || !is_image(w) || FAULT(IMAGE_NAME))
		return line;
	return at;
}

void cmdline_append(char *line, size_t size, const char *words)
{
	const char *end = words + strlen(words);
	struct word w;

	while (next_word(&words, end, &w)) {
		size_t n = strlen(line);

		format(line + n, size - n, n ? " %.*s" : "%.*s", w.length, w.at);
	}
}
