/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/lib/format.h"
#include "kernel/vm/preflight.h"

static void reduce(bool *common, bool own, const char *name, char *lost, size_t size)
{
	if (*common && !own) {
		*common = false;
		format_append(lost, size, name);
	}
}

void preflight_reduce(struct vmm_probe *common, const struct vmm_probe *own, char *lost,
		      size_t size)
{
	struct vmm_gpt_caps *c = &common->gpt;
	bool large_exec = !c->small_exec;

	lost[0] = 0;
	reduce(&c->leaf_2m, own->gpt.leaf_2m, "2 MiB leaves", lost, size);
	reduce(&c->leaf_1g, own->gpt.leaf_1g, "1 GiB leaves", lost, size);
	reduce(&c->exec_only, own->gpt.exec_only, "execute-only", lost, size);
	reduce(&c->track_ad, own->gpt.track_ad, "accessed and dirty bits", lost, size);
	reduce(&large_exec, !own->gpt.small_exec, "large executable leaves", lost, size);
	reduce(&common->unrestricted, own->unrestricted, "unrestricted guests", lost, size);
	reduce(&common->denies_all, own->denies_all, "exits of RDPMC, MONITOR or MWAIT", lost,
	       size);
	reduce(&common->slice_timer, own->slice_timer, "the preemption timer", lost, size);
	common->errata |= own->errata;
	c->small_exec = !large_exec;
	if (c->maxphyaddr > own->gpt.maxphyaddr) {
		c->maxphyaddr = own->gpt.maxphyaddr;
		format_append(lost, size, "bits of physical address");
	}
	if (common->asids > own->asids) {
		common->asids = own->asids;
		format_append(lost, size, "ASIDs");
	}
}
