/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs nestbox under KVM.
 *
 *	vmm [OPTION...] NESTBOX.ELF [WORD...]
 *
 *	-c CPUS	how many CPUs the guest has (1)
 *	-m MIB	how much memory (128)
 *	-q	KVM must not replace the guest's hypercall instructions by this vendor's
 *	-b	the machine around us is Bochs
 *	-M N	migrate it N times
 *	-S SEED	of the moments when (1)
 *	-v	at the end, show what Linux's log says about KVM
 *
 * On a Linux host, nestbox's serial port is stdout, our own lines go to stderr, and the
 * status is QEMU's: 33 pass, 35 fail, 37 refused; 1 if there is no verdict.
 *
 * As process 1, it is all of the user space of a Linux with KVM in an emulator, and finds its
 * arguments in the initramfs:
 *
 *	/options    a line of options
 *	/words	    a line: the kernel's command line
 *	/nestbox    the kernel
 *	/m/order    a line for each module to load: file name, parameters
 *	/m/NAME.ko
 *
 * Then COM2 is nestbox's serial port, our own lines are on Linux's console, and the machine
 * ends with nestbox's verdict.
 */
#include "test/kvm/vmm.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGS_MAX = 32 };

struct options options = { .cpus = 1, .mib = 128, .seed = 1 };

static unsigned number(int option, const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n < min || n > max)
		die("not a number in its range", "-%c %s", option, text);
	return (unsigned)n;
}

static void parse(int argc, char **argv)
{
	int c;

	opterr = 0;
	while ((c = getopt(argc, argv, "+c:m:qbM:S:v")) > 0)
		switch (c) {
		case 'c':
			options.cpus = number(c, optarg, 1, CPUS_MAX);
			break;
		case 'm':
			options.mib = number(c, optarg, MIB_MIN, MIB_MAX);
			break;
		case 'q':
			options.keep_vmcall = true;
			break;
		case 'b':
			options.bochs = true;
			break;
		case 'M':
			options.migrations = number(c, optarg, 0, INT_MAX);
			break;
		case 'S':
			options.seed = number(c, optarg, 0, UINT_MAX);
			break;
		case 'v':
			options.verbose = true;
			break;
		default:
			die("unknown, or without its value", "option -%c", optopt);
		}
}

static void add_word(const char *word)
{
	size_t n = strlen(options.words);

	if (n + strlen(word) + 1 > WORDS_MAX)
		die("too long", "the kernel's command line");
	snprintf(options.words + n, sizeof(options.words) - n, "%s%s", n ? " " : "", word);
}

static void parse_arguments(int argc, char **argv)
{
	parse(argc, argv);
	if (optind == argc)
		die("the kernel's file is missing", "arguments");
	options.elf = argv[optind];
	for (int i = optind + 1; i < argc; i++)
		add_word(argv[i]);
}

static void parse_files(void)
{
	char *argv[ARGS_MAX + 1] = { "init" }, *line = read_line("/options"), *words;
	int argc = 1;

	for (char *p = line ? strtok(line, " ") : NULL; p; p = strtok(NULL, " ")) {
		if (argc == ARGS_MAX)
			die("too many words", "/options");
		argv[argc++] = p;
	}
	parse(argc, argv);
	if (optind < argc)
		die("not an option", "/options: %s", argv[optind]);
	options.elf = "/nestbox";
	words = read_line("/words");
	if (words)
		add_word(words);
}

int main(int argc, char **argv)
{
	uint32_t entry;

	if (is_init()) {
		outer_take_ports();
		parse_files(); /* first of all: -b says how to end */
		init_begin();
	} else {
		parse_arguments(argc, argv);
	}
	say_what_is_below();
	vm_open();
	entry = load_kernel();
	vm_create();
	for (unsigned i = 0; i < options.cpus; i++) {
		vcpus[i].id = i;
		vcpu_create(&vcpus[i]);
	}
	vcpu_set_entry(&vcpus[0], entry);
	if (options.migrations)
		migrate_prepare();
	for (unsigned i = 0; i < options.cpus; i++)
		vcpu_start(&vcpus[i]);
	migrate();
	for (;;) /* whichever vCPU ends the machine ends us */
		pause();
}
