/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/skip.h"

#include "kernel/host/pages.h"
#include "kernel/host/smp.h"
#include "kernel/suite/report.h"

static unsigned cpus_least(const struct guest *g)
{
	return g->wanders ? 2 : g->vcpus == GUEST_VCPUS_ALL ? g->vcpus_least : g->vcpus;
}

bool skip_guest(const struct machine *machine, const struct guest *g)
{
	uint64_t free = pages_free_count();
	unsigned mib = 20 - PAGE_SHIFT;

	if (smp_count() < cpus_least(g))
		report_skip(g->name, WANT_CPUS, "it needs %u, and there %s %u", cpus_least(g),
			    smp_count() == 1 ? "is" : "are", smp_count());
	else if (g->needs_timer && !machine->timer)
		report_skip(g->name, WANT_TIMER, "no timer here can interrupt a guest");
	else if (g->needs_fep && !machine->fep)
		report_skip(g->name, WANT_FEP, "the command line lacks the word fep");
	else if (g->needs_denials && !machine->probe->denies_all)
		report_skip(g->name, WANT_DENIALS,
			    "this CPU lets guests execute RDPMC, MONITOR or MWAIT");
	else if (g->mode == GUEST_REAL16 && !machine->probe->unrestricted)
		report_skip(g->name, WANT_UNRESTRICTED, "this CPU has none");
	else if (g->needs_pages > free)
		report_skip(g->name, WANT_MEMORY, "it needs %lu MiB, %lu are free",
			    (unsigned long)(g->needs_pages >> mib), (unsigned long)(free >> mib));
	else
		return false;
	return true;
}
