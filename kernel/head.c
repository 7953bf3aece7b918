/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/head.h"

#include "kernel/report.h"

void head_words(const char *line, const struct cmdline *cmdline)
{
	report_head("words", "%s", line[0] ? line : "none");
	report_head("seed", "%lu", (unsigned long)cmdline->seed);
	report_head("machine", "%s", cmdline->machine[0] ? cmdline->machine : "none");
}
