/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's command line: words apart by blanks.
 *
 *	run=NAME,...	only these guests
 *	trace		a line for each fault
 *	exit=HOW	how the machine is ended: halt (default), qemu, bochs
 *	fail-alloc=K	each guest's K-th allocation fails, once; "all": one after the other
 *	leaf=SIZE	the largest leaf that guests' memory is mapped by: 4k (default), 2m, 1g
 *	soak=SECONDS	vCPUs on all CPUs work for so long while their memory is changed (soak.h)
 *	seed=N		of what is random in guests with several vCPUs
 *	slow=N		waits are given up only after N times as long: 1 (default) to 1000
 *	gpt-seed=N	the self-test of page tables begins with the script of this number
 *	gpt-script=...	it runs only this one, as a test that failed has printed it
 *	check=WHAT	tlb: the checker of the TLB discipline is on (tlbcheck.h); none (default)
 *	kick=HOW	what makes a CPU leave the guest: int (default), nmi
 *	small-exec	large leaves are not executable, whatever the CPU and large-exec say
 *	large-exec	large leaves may be executable, also where the CPU may stop at it
 *	known=NAME,...	tests that this machine is known to be unable to pass
 *	machine=NAME	what the machine is called, for the log's head
 *	below=TEXT	what is known of the hypervisor below, for the log's head
 *	fep		the hypervisor below has KVM's forced-emulation prefix
 *
 * Pure: host tests feed it.
 */
#ifndef KERNEL_SUITE_CMDLINE_H
#define KERNEL_SUITE_CMDLINE_H

#include "kernel/suite/gpt_script.h"
#include "kernel/host/poweroff.h"

#include <stddef.h>
#include <stdint.h>

#define CMDLINE_FAIL_ALL UINT64_MAX

enum { CMDLINE_MACHINE_MAX = 32, CMDLINE_BELOW_MAX = 128 };

struct cmdline {
	uint64_t run;	/* bit n: names[n] was chosen; all, if none was named, and no soak= */
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
	unsigned leaf;	     /* its level: 1, 2, 3 */
	enum machine_exit exit;
	char machine[CMDLINE_MACHINE_MAX]; /* empty: none was given */
	char below[CMDLINE_BELOW_MAX];	   /* likewise */
	uint64_t gpt_seed;	      /* 0: none was given */
	struct gpt_script gpt_script; /* .limit 0: none was given */
};

/*
 * names[count], at most 64: what run= and known= may say. False: the first
 * thing that is wrong is in error; *cmdline holds what could be understood.
 */
bool cmdline_parse(const char *text, const char *const names[], unsigned count,
		   struct cmdline *cmdline, char *error, size_t size);

/*
 * The last exit= in size bytes of text, or up to its NUL; otherwise how. For ends
 * before the whole can be parsed.
 */
enum machine_exit cmdline_exit(const char *text, size_t size, enum machine_exit how);

/*
 * The loader's line without its first word, if that is the image's name and no word of ours:
 * a path, as kexec-tools and some other loaders put it there, or nestbox...; else all of it.
 */
const char *cmdline_skip_image(const char *line);

/* Appends words to a line of the given size, a blank between any two. What does not fit is
 * cut off. */
void cmdline_append(char *line, size_t size, const char *words);

#endif
