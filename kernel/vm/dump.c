/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/vm/dump.h"

#include "gpt/format.h"
#include "kernel/host/pages.h"
#include "kernel/host/registers.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/x86.h"
#include "kernel/vm/gwalk.h"

enum { WORDS = 96, CODE_BYTES = 16 };

/* Registers. */

static bool is_64_bit(const struct vcpu_state *s)
{
	return s->efer & EFER_LMA && s->seg[SEG_CS].attr >> 13 & 1;
}

static void dump_segments(const struct vcpu_state *s)
{
	static const char *const names[SEG_COUNT] = { "es", "cs", "ss",	  "ds",
						      "fs", "gs", "ldtr", "tr" };

	for (unsigned i = 0; i < SEG_COUNT; i++) {
		const struct vcpu_segment *seg = &s->seg[i];
		uint16_t a = seg->attr;

		note("%-6s 0x%04x base 0x%lx limit 0x%x attributes 0x%04x: %s%s, DPL %u", names[i],
		     seg->selector, (unsigned long)seg->base, seg->limit, a,
		     !(a & 0x80) ? "unusable" :
		     !(a & 0x10) ? "system" :
		     a & 8	 ? "code" :
				   "data",
		     !(a & 0x10)	     ? "" :
		     (a & 8) && (a & 0x2000) ? ", 64-bit" :
		     a & 0x4000		     ? ", 32-bit" :
					       ", 16-bit",
		     a >> 5 & 3u);
	}
	note("gdtr   base 0x%lx limit 0x%x", (unsigned long)s->gdtr_base, s->gdtr_limit);
	note("idtr   base 0x%lx limit 0x%x", (unsigned long)s->idtr_base, s->idtr_limit);
}

static void dump_state(const struct vcpu_run *run, const struct vcpu_state *s)
{
	uint64_t r[16];

	for (unsigned i = 0; i < 16; i++)
		r[i] = run->vcpu->regs.r[i];
	r[REG_RSP] = s->rsp;
	registers_note(r, s->rip, s->rflags);
	registers_note_control(s->cr0, run->vcpu->cr2, s->cr3, s->cr4, s->efer);
	dump_segments(s);
}

/* The second level. */

/* A table's entry or a leaf, decoded; flags it if it is not validly encoded. */
static void describe_present(const struct vmm_gpt *gpt, uint64_t pte, unsigned level, char *words)
{
	static const char *const types[8] = { "UC", "WC", "type 2", "type 3",
					      "WT", "WP", "WB",	    "type 7" };
	static const char *const rights[8] = { "---", "r--", "-w-", "rw-",
					       "--x", "r-x", "-wx", "rwx" };
	const struct vmm_gpt_format *f = gpt->format;
	bool leaf = gpt_pte_is_leaf(f, pte, level);
	uint64_t pfn = vpeo_pte_pfn(f, pte, leaf ? level : 1);
	unsigned prot = vpeo_pte_prot(f, pte), type = gpt_pte_type(f, pte, level);
	uint64_t expected = leaf ? vpeo_map_page(f, &gpt->caps, level, pfn, prot, type) :
				   vpeo_map_table(f, pfn);
	int n = format(words, WORDS, "%s at 0x%lx %s%s%s%s%s", leaf ? "page" : "table",
		       (unsigned long)pfn << PAGE_SHIFT, rights[prot], leaf ? " " : "",
		       leaf ? types[type] : "", pte & f->accessed ? " A" : "",
		       leaf && pte & f->dirty ? " D" : "");

	if (expected == VMM_GPT_NO_ENCODING)
		format(words + n, WORDS - (size_t)n, "; NOT VALID: no such rights or type");
	else if (expected != gpt_pte_sans_ad(f, pte))
		format(words + n, WORDS - (size_t)n, "; NOT VALID: would be 0x%lx",
		       (unsigned long)expected);
}

static void dump_entry(const struct vmm_gpt *gpt, uint64_t gpa, uint64_t pte, unsigned level)
{
	uint64_t size = UINT64_C(1) << vmm_gpt_level_shift(level), start = gpa & ~(size - 1);
	char words[WORDS];

	if (vpeo_pte_is_present(gpt->format, pte))
		describe_present(gpt, pte, level, words);
	else
		format(words, sizeof(words), "%s",
		       gpt_pte_is_frozen(pte) ? "being taken out" :
		       pte == VMM_GPT_VACANT  ? "hole: not populated" :
		       pte		      ? "not present; NOT VALID" :
						"populated, maps nothing");
	note("  level %u 0x%012lx-0x%012lx entry 0x%016lx: %s", level, (unsigned long)start,
	     (unsigned long)(start + size), (unsigned long)pte, words);
}

static void dump_second_level(struct aspace *as, uint64_t gpa)
{
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];
	const struct region *region = aspace_region(as, gpa);
	unsigned n;

	note("second level of gpa 0x%lx (%s), root 0x%lx:", (unsigned long)gpa,
	     region ? region->name : "in no region", (unsigned long)as->ctx.pmtp);
	aspace_read_lock(as);
	n = vmm_gpt_walk(&as->gpt, gpa, entries, VMM_GPT_LEVELS);
	for (unsigned i = 0; i < n; i++)
		dump_entry(&as->gpt, gpa, vmm_gpt_pte_load(entries[i]), VMM_GPT_LEVELS - i);
	aspace_read_unlock(as);
	if (!n)
		note("  beyond all tables");
}

/* The guest's own tables. */

static void dump_step(void *arg, const struct gwalk_step *step)
{
	uint64_t e = step->entry;

	(void)arg;
	if (!step->readable) {
		note("  level %u at gpa 0x%lx: nothing is mapped there", step->level,
		     (unsigned long)step->gpa);
		return;
	}
	note("  level %u at gpa 0x%lx entry 0x%016lx: %s%s%s%s%s%s", step->level,
	     (unsigned long)step->gpa, (unsigned long)e,
	     !(e & GWALK_PRESENT) ? "not present" :
	     step->leaf		  ? "page" :
				    "table",
	     e & GWALK_WRITE ? " W" : "", e & GWALK_USER ? " U" : "",
	     e & GWALK_ACCESSED ? " A" : "", e & GWALK_DIRTY && step->leaf ? " D" : "",
	     e & GWALK_NX ? " NX" : "");
}

/* True if the walk succeeds, with the result in *gpa. */
static bool dump_walk(const struct vcpu_run *run, const struct vcpu_state *s, const char *what,
		      uint64_t gva, uint64_t *gpa)
{
	bool found;

	note("the guest's walk of %s 0x%lx, cr3 0x%lx%s", what, (unsigned long)gva,
	     (unsigned long)s->cr3, s->cr0 & CR0_PG ? ":" : ": paging is off");
	found = gwalk_steps(run->as, s, gva, gpa, dump_step, NULL);
	if (found)
		note("  is gpa 0x%lx", (unsigned long)*gpa);
	return found;
}

static void dump_code(const struct vcpu_run *run, const struct vcpu_state *s, uint64_t at)
{
	uint8_t code[CODE_BYTES];
	char words[CODE_BYTES * 3 + 1] = "";
	unsigned n = gwalk_read(run->as, s, at, code, CODE_BYTES);

	for (size_t i = 0; i < n; i++)
		format(words + 3 * i, sizeof(words) - 3 * i, " %02x", code[i]);
	note("code at 0x%lx:%s", (unsigned long)at, n ? words : " cannot be read");
}

/* All together. */

static void dump_exit(const struct vcpu_run *run, const char *name)
{
	const struct vcpu_event *e = &run->exit.pending;
	char words[VMM_TEXT_MAX] = "";

	run->ops->describe(run->vcpu, words);
	note("%s: its last exit, one of %lu %s: %s", name,
	     (unsigned long)run->exits[run->exit.kind], vcpu_exit_names[run->exit.kind], words);
	if (e->valid)
		note("while vector %u was being delivered, type %u, error 0x%x", e->vector, e->type,
		     e->error);
}

/* The linear address of the access that exited, if known. */
static bool linear_address(const struct vcpu_run *run, uint64_t *gva)
{
	const struct vcpu_exit *exit = &run->exit;

	if (exit->kind == EXIT_EXCEPTION && exit->exception.vector == VECTOR_PF) {
		*gva = exit->exception.address;
		return true;
	}
	return exit->kind == EXIT_FAULT && run->ops->fault_linear &&
	       run->ops->fault_linear(run->vcpu, gva);
}

void dump_guest(const struct vcpu_run *run, const char *name)
{
	bool fault = run->exit.kind == EXIT_FAULT || run->exit.kind == EXIT_MISCONFIG;
	uint64_t code, gva, gpa;
	struct vcpu_state s;

	dump_exit(run, name);
	run->ops->get_state(run->vcpu, &s);
	dump_state(run, &s);
	code = is_64_bit(&s) ? s.rip : (uint32_t)(s.seg[SEG_CS].base + s.rip);
	dump_code(run, &s, code);
	if (fault)
		dump_second_level(run->as, run->exit.fault.gpa);
	if (linear_address(run, &gva))
		dump_walk(run, &s, "what it accessed,", gva, &gpa);
	if (dump_walk(run, &s, "rip,", code, &gpa) && (!fault || gpa != run->exit.fault.gpa))
		dump_second_level(run->as, gpa);
}
