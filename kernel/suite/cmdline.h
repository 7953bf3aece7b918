/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's command line: words separated by blanks.
 *
 *	run=NAME,...	runs only these guests
 *	trace		prints a line for each fault
 *	exit=HOW	how to end the machine: halt (default), qemu, bochs
 *	fail-alloc=K	the K-th allocation of each guest fails; "all": each one in turn
 *	leaf=SIZE	the largest leaf for guest memory: 4k (default), 2m, 1g
 *	soak=SECONDS	1 to 86400: vCPUs on all CPUs, while their memory changes (soak.h)
 *	seed=N		the random seed for guests with several vCPUs or copies
 *	slow=N		multiplies all time-outs: 1 (default) to 1000
 *	gpt-seed=N	the seed of the first script in the page-table self-test
 *	gpt-script=...	the self-test runs only this script, as a failed test printed it
 *	check=WHAT	tlb: check the TLB discipline (tlbcheck.h); none (default)
 *	kick=HOW	how to kick a CPU out of the guest: int (default), nmi
 *	small-exec	large leaves are not executable, even with large-exec
 *	large-exec	large leaves may be executable, even if the CPU may have iTLB multihit
 *	known=NAME,...	guests that are known to fail on this machine
 *	machine=NAME	the machine's name, for the log's head
 *	below=TEXT	the hypervisor below, for the log's head
 *	fep		the hypervisor below has KVM's forced-emulation prefix
 *
 * No side effects: host tests run it.
 */
#ifndef KERNEL_SUITE_CMDLINE_H
#define KERNEL_SUITE_CMDLINE_H

#include "kernel/host/poweroff.h"
#include "kernel/lib/must_check.h"
#include "kernel/suite/gpt_script.h"

#include <stddef.h>
#include <stdint.h>

#define CMDLINE_FAIL_ALL UINT64_MAX

enum { CMDLINE_MACHINE_MAX = 32, CMDLINE_BELOW_MAX = 128 };

struct cmdline {
	uint64_t run;	/* bit n: names[n]; all bits without run= and soak= */
	uint64_t known; /* bit n: names[n] */
	bool trace;
	bool check_tlb;
	bool kick_nmi;
	bool large_exec, small_exec;
	bool fep;
	uint64_t fail_alloc; /* 0: none; CMDLINE_FAIL_ALL */
	uint64_t soak;	     /* seconds; 0: none */
	uint64_t seed;
	uint64_t slow;
	unsigned leaf;	     /* level: 1, 2, 3 */
	enum machine_exit exit;
	char machine[CMDLINE_MACHINE_MAX]; /* empty: not given */
	char below[CMDLINE_BELOW_MAX];	   /* likewise */
	uint64_t gpt_seed;	      /* 0: not given */
	struct gpt_script gpt_script; /* .limit 0: not given */
};

/*
 * names[count], at most 64: the names that run= and known= accept. False: error
 * describes the first mistake, and *cmdline has the words that could be parsed.
 */
MUST_CHECK bool cmdline_parse(const char *text, const char *const names[], unsigned count,
		   struct cmdline *cmdline, char *error, size_t size);

/*
 * The last valid exit= in text, which ends after size bytes or at a NUL; without one,
 * how. For a machine that must end before the whole line can be parsed.
 */
enum machine_exit cmdline_exit(const char *text, size_t size, enum machine_exit how);

/*
 * Skips the first word of the loader's line if it is the image's name, as kexec-tools and
 * some other loaders put it there: a path, or nestbox... . Otherwise returns line.
 */
const char *cmdline_skip_image(const char *line);

/* Appends words to line, whose buffer has size bytes, separated by single blanks. Truncates
 * what does not fit. */
void cmdline_append(char *line, size_t size, const char *words);

#endif
