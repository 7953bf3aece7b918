/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions that exit: what they do to the guest, according to the policy. */
#include "kernel/host/pages.h"
#include "kernel/lib/format.h"
#include "kernel/vm/gwalk.h"
#include "kernel/vm/insn.h"
#include "kernel/vm/policy.h"
#include "kernel/vm/vcpu_handlers.h"

static bool read_insn(struct vcpu_run *run, const struct vcpu_exit *exit,
		      const struct vcpu_state *state, struct insn *insn)
{
	uint8_t bytes[INSN_MAX];
	unsigned n = gwalk_read(run->as, state, exit->fetch, bytes, INSN_MAX);

	return insn_decode(bytes, n, vcpu_in_code64(state), insn) && insn->kind == exit->kind;
}

/*
 * Another vCPU may be moving the instruction's page or a page table on the way to it, which
 * unmaps it for a moment. Under the lock nothing moves.
 */
static bool read_again(struct vcpu_run *run, const struct vcpu_exit *exit,
		       const struct vcpu_state *state, struct insn *insn)
{
	bool ok;

	if (!run->shared)
		return false;
	aspace_lock(run->as);
	ok = read_insn(run, exit, state, insn);
	aspace_unlock(run->as);
	return ok;
}

/*
 * For CPUs that do not report the instruction's length. The page found is kept in fetch_page
 * while instructions are fetched from the same page.
 */
bool vcpu_decode_insn(struct vcpu_run *run, const struct vcpu_exit *exit, struct insn *insn)
{
	uint64_t page = exit->fetch / PAGE_SIZE * PAGE_SIZE, gpa;
	struct vcpu_state state;

	run->ops->get_state(run->vcpu, &state);
	if (!read_insn(run, exit, &state, insn) && !read_again(run, exit, &state, insn))
		return false;
	if (run->shared) /* others may unmap that page */
		return true;
	run->fetch_page = gwalk(run->as, &state, page, &gpa) ? aspace_ptr(run->as, gpa) : NULL;
	run->fetch_gva = page;
	run->fetch_cr3 = exit->cr3;
	return true;
}

/*
 * Fast path: CPUID without a prefix, in fetch_page. The guest may have changed its page tables
 * since; the bytes are trusted only because they are the instruction that exited.
 */
static bool is_plain_cpuid(const struct vcpu_run *run, const struct vcpu_exit *exit)
{
	uint64_t at = exit->fetch - run->fetch_gva;

	return exit->kind == EXIT_CPUID && run->fetch_page && at <= PAGE_SIZE - 2 &&
	       exit->cr3 == run->fetch_cr3 && run->fetch_page[at] == 0x0f &&
	       run->fetch_page[at + 1] == 0xa2;
}

void vcpu_forget_fetch(struct vcpu_run *run)
{
	run->fetch_page = NULL;
}

static bool cannot_decode(struct vcpu_run *run, const struct vcpu_exit *exit)
{
	format(run->end_words, sizeof(run->end_words),
	       "the instruction that exited cannot be decoded");
	return vcpu_end(run, exit, END_UNEXPECTED);
}

/* Out of line for CPUs that report the length. 0: it cannot be decoded. */
static __attribute__((noinline)) unsigned length_of(struct vcpu_run *run,
						    const struct vcpu_exit *exit)
{
	struct insn insn;

	if (is_plain_cpuid(run, exit))
		return 2;
	return vcpu_decode_insn(run, exit, &insn) ? insn.length : 0;
}

bool vcpu_skip(struct vcpu_run *run, const struct vcpu_exit *exit)
{
	unsigned length = exit->length ? exit->length : length_of(run, exit);

	if (!length)
		return cannot_decode(run, exit);
	run->ops->skip(run->vcpu, exit, length);
	if (run->waiting.valid)
		vcpu_event_offer(run);
	return true;
}

bool vcpu_deny(struct vcpu_run *run)
{
	run->denied++;
	return vcpu_raise(run, VECTOR_GP);
}

bool on_cpuid(struct vcpu_run *run, struct vcpu_exit *exit)
{
	uint32_t leaf = (uint32_t)*vcpu_reg(run, REG_RAX);
	struct cpuid_regs r;

	if (leaf >> 16 != CPUID_HYPERVISOR >> 16 || !run->hooks->cpuid ||
	    !run->hooks->cpuid(leaf, &r))
		r = policy_cpuid(leaf, (uint32_t)*vcpu_reg(run, REG_RCX));
	*vcpu_reg(run, REG_RAX) = r.eax;
	*vcpu_reg(run, REG_RBX) = r.ebx;
	*vcpu_reg(run, REG_RCX) = r.ecx;
	*vcpu_reg(run, REG_RDX) = r.edx;
	return vcpu_skip(run, exit);
}

/* Unused ports behave like an empty bus: reads return ones, writes are dropped. */
bool on_io(struct vcpu_run *run, struct vcpu_exit *exit)
{
	uint64_t ones = exit->io.size == 1 ? 0xff : exit->io.size == 2 ? 0xffff : 0xffffffff;
	uint64_t *rax = vcpu_reg(run, REG_RAX);

	if (exit->io.string)
		return vcpu_deny(run);
	if (!exit->io.in && run->hooks->port_write &&
	    run->hooks->port_write(run, exit->io.port, exit->io.size, (uint32_t)(*rax & ones)))
		return vcpu_skip(run, exit);
	run->denied++;
	if (exit->io.in)
		*rax = exit->io.size == 4 ? ones : *rax | ones;
	return vcpu_skip(run, exit);
}

bool on_refused(struct vcpu_run *run, struct vcpu_exit *exit)
{
	(void)exit;
	run->denied++;
	return vcpu_raise(run, VECTOR_UD);
}

/* INVD and WBINVD: guests share the host's caches, which are coherent. */
bool on_cache(struct vcpu_run *run, struct vcpu_exit *exit)
{
	return vcpu_skip(run, exit);
}

/* Only an interrupt that the guest asked for itself can wake it. */
bool on_hlt(struct vcpu_run *run, struct vcpu_exit *exit)
{
	struct vcpu_state state;

	run->ops->get_state(run->vcpu, &state);
	if (run->waiting.valid && state.rflags & RFLAGS_IF)
		return vcpu_skip(run, exit);
	return vcpu_end(run, exit, END_HALTED);
}
