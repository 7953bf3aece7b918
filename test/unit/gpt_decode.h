/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the CPU interprets second-level tables, in both formats. Written only from the manuals,
 * with nothing shared with gpt/: Intel SDM vol. 3C, 29.3 with tables 29-1 to 29-7, and
 * 25.6.11; AMD APM vol. 2, 5.3, 5.4, 7.8 and 15.25.
 */
#ifndef TEST_UNIT_GPT_DECODE_H
#define TEST_UNIT_GPT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_model {
	const uint8_t *memory; /* physical address 0 is here */
	uint64_t root;	       /* the EPTP, or nCR3 */
	uint64_t pat;	       /* AMD: the host's PAT */
	bool ept;
	bool page_1g;	/* this CPU has pages of 1 GiB ... */
	bool page_2m;	/* ... and 2 MiB */
	bool exec_only; /* EPT: execute without read */
	unsigned maxphyaddr;
};

enum cpu_finds {
	CPU_NOTHING, /* not present: a fault */
	CPU_PAGE,
	CPU_MISCONFIG, /* an invalid entry: cpu_page.why */
};

struct cpu_page {
	uint64_t pfn;	/* of the 4 KiB page at the address */
	unsigned prot;	/* 1 read, 2 write, 4 execute */
	unsigned type;	/* as in the MTRRs */
	unsigned level; /* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB */
	bool accessed, dirty;
	const char *why;
};

enum cpu_finds cpu_walk(const struct cpu_model *cpu, uint64_t gpa, struct cpu_page *page);

/*
 * Sets A and D as an access (1, 2 or 4) does: A in each entry used, even if the access then
 * faults; D in the leaf that is written.
 */
void cpu_access(const struct cpu_model *cpu, uint64_t gpa, unsigned access);

/*
 * Checks each entry that the root reaches. NULL, or the error in words. *tables: the number
 * of table pages. visit, unless NULL, is called with each.
 */
const char *cpu_walk_all(const struct cpu_model *cpu, uint64_t *tables,
			 void (*visit)(void *arg, uint64_t pfn), void *arg);

#endif
