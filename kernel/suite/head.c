/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/head.h"

#include "kernel/host/cpu_words.h"
#include "kernel/lib/format.h"
#include "kernel/suite/report.h"

#include <stdbool.h>

enum { TEXT_MAX = 256 };

void head_words(const char *line, const struct cmdline *cmdline)
{
	report_head("words", "%s", line[0] ? line : "none");
	report_head("seed", "%lu", (unsigned long)cmdline->seed);
	report_head("machine", "%s", cmdline->machine[0] ? cmdline->machine : "none");
	report_head("l0", "%s", cmdline->below[0] ? cmdline->below : "none");
}

static void head_cpu(const struct cpu_raw *raw)
{
	char words[TEXT_MAX];

	cpu_words_name(raw, words, sizeof(words));
	report_head("cpu", "%s", words);
	if (raw->has_microcode)
		report_head("microcode", "0x%x", raw->microcode);
	else
		report_head("microcode", "unknown");
	note("%u bits of physical address", cpu_raw_maxphyaddr(raw));
}

/* The non-empty ones, separated by blanks; "unknown" if all are empty. */
static void join(char *words, size_t size, const char *a, const char *b, const char *c)
{
	words[0] = 0;
	cmdline_append(words, size, a);
	cmdline_append(words, size, b);
	cmdline_append(words, size, c);
	if (!words[0])
		format(words, size, "unknown");
}

/* Emulators name no board: use the system's name. */
static void head_board(const struct bootinfo *info, firmware_see_fn *see)
{
	struct smbios s;
	bool has_board;
	const char *error = smbios_read(info->efi_table, info->efi_pointer, see, NULL, &s);
	char words[TEXT_MAX];

	has_board = s.board_maker[0] || s.board[0];
	join(words, sizeof(words), has_board ? s.board_maker : s.system_maker,
	     has_board ? s.board : s.system, "");
	report_head("board", "%s", words);
	join(words, sizeof(words), s.vendor, s.version, s.date);
	report_head("firmware", "%s %s", info->efi ? "UEFI" : "BIOS", words);
	if (error)
		note("SMBIOS: %s", error);
}

void head_machine(const struct cpu_raw *raw, const struct bootinfo *info, firmware_see_fn *see)
{
	char words[TEXT_MAX];

	head_cpu(raw);
	head_board(info, see);
	report_head("loader", "%s", info->loader[0] ? info->loader : "unknown");
	cpu_words_below(raw, words, sizeof(words));
	report_head("below", "%s", words);
}

void head_side(const char *side)
{
	report_head("side", "%s", side);
}

void head_memory(uint64_t bytes)
{
	report_head("memory", "%lu MiB", (unsigned long)(bytes >> 20));
}

void head_cpus(unsigned count, unsigned listed)
{
	if (listed)
		report_head("cpus", "%u of %u", count, listed);
	else
		report_head("cpus", "%u of unknown", count);
}

void head_leaves(const struct vmm_gpt_caps *caps)
{
	report_head("leaves", "4k%s%s", caps->leaf_2m ? " 2m" : "", caps->leaf_1g ? " 1g" : "");
}
