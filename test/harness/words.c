/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's parser of its command line, built for the host: run.sh asks it before it
 * boots anything.
 *
 *	words check "WORDS"	status 0; or 2, and on stdout what is wrong
 *	words list		the guests, each with its title behind a tab
 */
#include "guest/guest.h"
#include "kernel/suite/cmdline.h"

#include <stdio.h>
#include <string.h>

enum { GUESTS_MAX = 64, STATUS_USAGE = 2 };

static int check(const char *text)
{
	static struct cmdline cmdline;
	const char *names[GUESTS_MAX];
	char error[512];

	for (unsigned i = 0; i < guests_count; i++)
		names[i] = guests[i]->name;
	if (cmdline_parse(text, names, guests_count, &cmdline, error, sizeof(error)))
		return 0;
	puts(error);
	return STATUS_USAGE;
}

static int list(void)
{
	for (unsigned i = 0; i < guests_count; i++)
		printf("%s\t%s\n", guests[i]->name, guests[i]->title);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(argv[2]);
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list();
	fprintf(stderr, "usage: words check WORDS | words list\n");
	return STATUS_USAGE;
}
