/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM vol. 3B, 16.3.2.2 (MCi_STATUS) and 16.9 (error codes); APM vol. 2, 9.3.2. Pure. */
#include "kernel/host/mce.h"

#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"

#define STATUS_PCC    (UINT64_C(1) << 57)
#define STATUS_UC     (UINT64_C(1) << 61)
#define STATUS_OVER   (UINT64_C(1) << 62)
#define STATUS_VAL    (UINT64_C(1) << 63)
#define CODE_FILTERED (1u << 12) /* correction report filtering */

static const char *const levels[] = { "level 0", "level 1", "level 2", "any level" };
static const char *const transactions[] = { "instructions", "data", "any kind", "kind 3" };
static const char *const requests[16] = {
	"an error of any kind", "a read",     "a write",     "a data read", "a data write",
	"an instruction fetch", "a prefetch", "an eviction", "a snoop",	    "request 9",
	"request 10",		"request 11", "request 12",  "request 13",  "request 14",
	"request 15",
};
static const char *const operations[8] = {
	"an undefined request", "a read",      "a write",     "an address or command", "scrubbing",
	"operation 5",		"operation 6", "operation 7",
};

/* Simple error codes: table 16-8. NULL: another code. */
static const char *simple(unsigned code)
{
	switch (code) {
	case 0:
		return "no error";
	case 1:
		return "an error that is not classified";
	case 2:
		return "parity in the microcode's ROM";
	case 3:
		return "an error of another CPU (BINIT#)";
	case 4:
		return "redundant CPUs disagree (FRC)";
	case 5:
		return "parity inside of the CPU";
	case 6:
		return "SMM code outside of its memory";
	case 0x400:
		return "the CPU's internal timer: nothing was retired for too long";
	case 0xe0b:
		return "an I/O error";
	default:
		return (code & 0xfc00) == 0x400 ? "an internal error of the CPU" : NULL;
	}
}

/* Compound error codes: table 16-9. Test from the highest set bit down. */
static void compound(unsigned code, char *words, size_t size)
{
	const char *level = levels[code & 3], *transaction = transactions[code >> 2 & 3];
	const char *request = requests[code >> 4 & 15];

	if (code & 0x800)
		format(words, size, "bus or interconnect: %s%s, %s", request,
		       code >> 8 & 1 ? ", timed out" : "", level);
	else if (code & 0x100 && !(code & 0x600))
		format(words, size, "cache, %s of %s: %s", level, transaction, request);
	else if (code & 0x80 && !(code & 0x500))
		format(words, size, "memory controller%s, channel %u: %s",
		       code & 0x200 ? " (memory as a cache)" : "", code & 15,
		       operations[code >> 4 & 7]);
	else if ((code & 0xfff0) == 0x10)
		format(words, size, "TLB, %s of %s", level, transaction);
	else if ((code & 0xfffc) == 0x0c)
		format(words, size, "cache, %s", level);
	else
		format(words, size, "error code 0x%x", code);
}

void mce_words(unsigned bank, uint64_t status, char *words, size_t size)
{
	unsigned code = (unsigned)(status & 0xffff);
	const char *known;
	char what[96];

	if (!(status & STATUS_VAL)) {
		format(words, size, "bank %u: nothing", bank);
		return;
	}
	code &= ~CODE_FILTERED;
	known = simple(code);
	if (known)
		format(what, sizeof(what), "%s", known);
	else
		compound(code, what, sizeof(what));
	format(words, size, "bank %u: %s, %s%s%s; status 0x%lx", bank, what,
	       !(status & STATUS_UC) && !FAULT(MCE_CORRECTED) ? "corrected" : "not corrected",
	       status & STATUS_PCC ? ", what ran is lost (PCC)" : "",
	       status & STATUS_OVER ? ", more than one" : "", (unsigned long)status);
}
