/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/gwalk.h"

#include "kernel/pages.h"
#include "kernel/string.h"
#include "kernel/x86.h"

/* How a paging mode cuts an address. */
struct mode {
	uint8_t levels, index_bits, entry_bytes;
	uint8_t leaves; /* bit n: level n may be a large leaf */
	uint8_t top_bits;
};

#define PTE_PRESENT 1u
#define PTE_LARGE   (1u << 7)
#define ADDR_52	    UINT64_C(0x000ffffffffff000)

static struct mode mode_of(const struct vcpu_state *s)
{
	if (s->efer & EFER_LMA)
		return (struct mode){ 4, 9, 8, 1 << 2 | 1 << 3, 9 };
	if (s->cr4 & CR4_PAE)
		return (struct mode){ 3, 9, 8, 1 << 2, 2 };
	return (struct mode){ 2, 10, 4, s->cr4 & CR4_PSE ? 1 << 2 : 0, 10 };
}

static bool read_entry(const struct aspace *as, uint64_t gpa, unsigned bytes, uint64_t *entry)
{
	const void *p = aspace_ptr(as, gpa);

	*entry = 0;
	if (p)
		memcpy(entry, p, bytes);
	return p && (*entry & PTE_PRESENT);
}

bool gwalk(const struct aspace *as, const struct vcpu_state *s, uint64_t gva, uint64_t *gpa)
{
	struct mode m = mode_of(s);
	uint64_t table = s->cr3 & ADDR_52;

	if (!(s->efer & EFER_LMA))
		gva = (uint32_t)gva;
	if (!(s->cr0 & CR0_PG)) {
		*gpa = gva;
		return true;
	}
	if (m.levels == 3) /* PAE: the top table has 4 entries, at 32 bytes */
		table = s->cr3 & 0xffffffe0u;
	for (unsigned level = m.levels;; level--) {
		unsigned shift = PAGE_SHIFT + m.index_bits * (level - 1);
		unsigned bits = level == m.levels ? m.top_bits : m.index_bits;
		uint64_t index = gva >> shift & ((1u << bits) - 1), entry, offset;

		if (!read_entry(as, table + index * m.entry_bytes, m.entry_bytes, &entry))
			return false;
		offset = (UINT64_C(1) << shift) - 1;
		if (level == 1 || ((m.leaves >> level & 1) && (entry & PTE_LARGE))) {
			*gpa = (entry & ADDR_52 & ~offset) | (gva & offset);
			if (m.entry_bytes == 4 && level == 2) /* PSE-36 */
				*gpa = (entry & 0xffc00000u) | (entry & 0x1fe000) << 19 |
				       (gva & offset);
			return true;
		}
		table = entry & ADDR_52;
	}
}

unsigned gwalk_read(const struct aspace *as, const struct vcpu_state *s, uint64_t gva, void *to,
		    unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		uint64_t gpa;
		unsigned room = PAGE_SIZE - (unsigned)((gva + done) % PAGE_SIZE);
		unsigned part = n - done < room ? n - done : room;
		const void *p;

		if (!gwalk(as, s, gva + done, &gpa) || !(p = aspace_ptr(as, gpa)))
			break;
		memcpy((char *)to + done, p, part);
		done += part;
	}
	return done;
}
