/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/vm/gwalk.h"

#include "kernel/host/pages.h"
#include "kernel/lib/x86.h"

/* How a paging mode splits an address. */
struct mode {
	uint8_t levels, index_bits, entry_bytes;
	uint8_t leaves; /* bit n: level n may be a large leaf */
	uint8_t top_bits;
};

#define ADDR_52 UINT64_C(0x000ffffffffff000)

static struct mode mode_of(const struct vcpu_state *s)
{
	if (s->efer & EFER_LMA)
		return (struct mode){ 4, 9, 8, 1 << 2 | 1 << 3, 9 };
	if (s->cr4 & CR4_PAE)
		return (struct mode){ 3, 9, 8, 1 << 2, 2 };
	return (struct mode){ 2, 10, 4, s->cr4 & CR4_PSE ? 1 << 2 : 0, 10 };
}

static struct gwalk_step read_entry(struct aspace *as, const struct mode *m, unsigned level,
				    uint64_t gpa)
{
	struct gwalk_step step = { .level = level, .gpa = gpa };

	step.readable = aspace_read(as, gpa, &step.entry, m->entry_bytes);
	step.leaf = level == 1 || ((m->leaves >> level & 1) && (step.entry & GWALK_LARGE));
	return step;
}

static uint64_t leaf_gpa(const struct mode *m, const struct gwalk_step *step, uint64_t gva,
			 uint64_t offset)
{
	uint64_t e = step->entry;

	if (m->entry_bytes == 4 && step->level == 2) /* PSE-36 */
		return (e & 0xffc00000u) | (e & 0x1fe000) << 19 | (gva & offset);
	return (e & ADDR_52 & ~offset) | (gva & offset);
}

bool gwalk_steps(struct aspace *as, const struct vcpu_state *s, uint64_t gva, uint64_t *gpa,
		 gwalk_step_fn *fn, void *arg)
{
	struct mode m = mode_of(s);
	uint64_t table = s->cr3 & ADDR_52;

	if (!(s->efer & EFER_LMA))
		gva = (uint32_t)gva;
	if (!(s->cr0 & CR0_PG)) {
		*gpa = gva;
		return true;
	}
	if (m.levels == 3) /* PAE: the top table has 4 entries and is aligned to 32 bytes */
		table = s->cr3 & 0xffffffe0u;
	for (unsigned level = m.levels;; level--) {
		unsigned shift = PAGE_SHIFT + m.index_bits * (level - 1);
		unsigned bits = level == m.levels ? m.top_bits : m.index_bits;
		uint64_t index = gva >> shift & ((1u << bits) - 1);
		struct gwalk_step step = read_entry(as, &m, level, table + index * m.entry_bytes);

		if (fn)
			fn(arg, &step);
		if (!(step.entry & GWALK_PRESENT))
			return false;
		if (step.leaf) {
			*gpa = leaf_gpa(&m, &step, gva, (UINT64_C(1) << shift) - 1);
			return true;
		}
		table = step.entry & ADDR_52;
	}
}

bool gwalk(struct aspace *as, const struct vcpu_state *s, uint64_t gva, uint64_t *gpa)
{
	return gwalk_steps(as, s, gva, gpa, NULL, NULL);
}

unsigned gwalk_read(struct aspace *as, const struct vcpu_state *s, uint64_t gva, void *to,
		    unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		uint64_t gpa;
		unsigned room = PAGE_SIZE - (unsigned)((gva + done) % PAGE_SIZE);
		unsigned part = n - done < room ? n - done : room;

		if (!gwalk(as, s, gva + done, &gpa) ||
		    !aspace_read(as, gpa, (char *)to + done, part))
			break;
		done += part;
	}
	return done;
}
