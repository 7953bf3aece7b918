/* SPDX-License-Identifier: BSD-2-Clause */
/* The instructions that exit: what each does to the guest, as the policy has it. */
#include "kernel/console.h"
#include "kernel/format.h"
#include "kernel/gwalk.h"
#include "kernel/insn.h"
#include "kernel/pages.h"
#include "kernel/policy.h"
#include "kernel/report.h"
#include "kernel/vcpu_handlers.h"

static bool read_insn(struct guest_run *run, const struct vcpu_exit *exit,
		      const struct vcpu_state *state, struct insn *insn)
{
	uint8_t bytes[INSN_MAX];
	unsigned n = gwalk_read(run->as, state, exit->fetch, bytes, INSN_MAX);

	return insn_decode(bytes, n, vcpu_in_code64(state), insn) && insn->kind == exit->kind;
}

/*
 * Another vCPU may be having the instruction's page moved, or one of the tables on
 * the way there: then it is not mapped for a while. With the lock nothing moves.
 */
static bool read_again(struct guest_run *run, const struct vcpu_exit *exit,
		       const struct vcpu_state *state, struct insn *insn)
{
	bool ok;

	if (run->vcpus == 1)
		return false;
	aspace_lock(run->as);
	ok = read_insn(run, exit, state, insn);
	aspace_unlock(run->as);
	return ok;
}

/*
 * Where the CPU does not say how long the instruction is: look. What the last
 * look found stays open as a window, for as long as instructions are fetched
 * from the same page.
 */
bool vcpu_look(struct guest_run *run, const struct vcpu_exit *exit, struct insn *insn)
{
	uint64_t page = exit->fetch / PAGE_SIZE * PAGE_SIZE, gpa;
	struct vcpu_state state;

	run->ops->get_state(run->vcpu, &state);
	if (!read_insn(run, exit, &state, insn) && !read_again(run, exit, &state, insn))
		return false;
	if (run->vcpus > 1) /* others may have that memory unmapped */
		return true;
	run->window = gwalk(run->as, &state, page, &gpa) ? aspace_ptr(run->as, gpa) : NULL;
	run->window_gva = page;
	run->window_cr3 = exit->cr3;
	return true;
}

/*
 * The short way: CPUID without a prefix, in the window. The guest may have
 * changed its tables since; what is seen is believed only because it is the
 * very instruction that exited.
 */
static bool is_plain_cpuid(const struct guest_run *run, const struct vcpu_exit *exit)
{
	uint64_t at = exit->fetch - run->window_gva;

	return exit->kind == EXIT_CPUID && run->window && at <= PAGE_SIZE - 2 &&
	       exit->cr3 == run->window_cr3 && run->window[at] == 0x0f && run->window[at + 1] == 0xa2;
}

static bool cannot_decode(struct guest_run *run, const struct vcpu_exit *exit)
{
	format(run->end_words, sizeof(run->end_words),
	       "the instruction that exited cannot be decoded");
	return vcpu_end(run, exit, END_UNEXPECTED);
}

/* Out of line, for those CPUs that do say. 0: it cannot be decoded. */
static __attribute__((noinline)) unsigned length_of(struct guest_run *run,
						    const struct vcpu_exit *exit)
{
	struct insn insn;

	if (is_plain_cpuid(run, exit))
		return 2;
	return vcpu_look(run, exit, &insn) ? insn.length : 0;
}

bool vcpu_skip(struct guest_run *run, const struct vcpu_exit *exit)
{
	unsigned length = exit->length ? exit->length : length_of(run, exit);

	if (!length)
		return cannot_decode(run, exit);
	run->ops->skip(run->vcpu, exit, length);
	if (run->waiting.valid)
		vcpu_event_offer(run);
	return true;
}

bool vcpu_deny(struct guest_run *run)
{
	run->denied++;
	return vcpu_raise(run, VECTOR_GP);
}

static bool report_value(const struct guest_run *run, uint32_t which, uint64_t value)
{
	const struct guest_value *v = run->guest->values;
	char name[48];

	if (which >= GUEST_VALUES_MAX || !v[which].name)
		return false;
	v += which;
	if (run->vcpus > 1 && run->number)
		format(name, sizeof(name), "%s.vcpu%u", v->name, run->number);
	else
		format(name, sizeof(name), "%s", v->name);
	report_figure(run->guest->name, name, value, v->unit);
	return true;
}

#define SAME_OP(op) _Static_assert(MEMORY_##op == (int)ASPACE_##op, "guest/abi.h, aspace.h")
SAME_OP(SPLIT);
SAME_OP(MERGE);
SAME_OP(READ_ONLY);
SAME_OP(UNMAP);
SAME_OP(MOVE);
SAME_OP(CLEAN);
SAME_OP(NO_EXEC);
SAME_OP(VACATE);
SAME_OP(OPS);

/* The window may be onto memory that goes: it is opened again when it is needed. */
static bool on_memory(struct guest_run *run, struct vcpu_exit *exit)
{
	uint64_t gpa = *vcpu_reg(run, REG_RBX);
	enum aspace_outcome outcome;

	run->window = NULL;
	aspace_settle(run->as);
	outcome = aspace_change(run->as, (uint32_t)*vcpu_reg(run, REG_RDX), gpa,
				*vcpu_reg(run, REG_RCX));
	if (outcome == ASPACE_NO_MEMORY) {
		run->end.gpa = gpa;
		return vcpu_end(run, exit, END_MEMORY);
	}
	*vcpu_reg(run, REG_RAX) = outcome == ASPACE_MAPPED ? 0 : UINT64_MAX;
	return vcpu_skip(run, exit);
}

bool on_hypercall(struct guest_run *run, struct vcpu_exit *exit)
{
	uint64_t number = (uint32_t)*vcpu_reg(run, REG_RAX);
	bool ok = false;

	if (number == HC_DONE) {
		run->end.value = *vcpu_reg(run, REG_RBX);
		return vcpu_end(run, exit, END_DONE);
	}
	if (number == HC_MEMORY)
		return on_memory(run, exit);
	if (number == HC_MORE) {
		*vcpu_reg(run, REG_RAX) = run->more(run);
		return vcpu_skip(run, exit);
	}
	if (number == HC_YIELD && run->may_yield) {
		*vcpu_reg(run, REG_RAX) = 0;
		return vcpu_skip(run, exit) && vcpu_yield(run);
	}
	if (number == HC_VALUE)
		ok = report_value(run, (uint32_t)*vcpu_reg(run, REG_RCX), *vcpu_reg(run, REG_RBX));
	else if (number == HC_INJECT)
		ok = vcpu_event_ask(run, *vcpu_reg(run, REG_RDX), *vcpu_reg(run, REG_RCX),
				    *vcpu_reg(run, REG_RBX));
	*vcpu_reg(run, REG_RAX) = ok ? 0 : UINT64_MAX;
	return vcpu_skip(run, exit);
}

bool on_cpuid(struct guest_run *run, struct vcpu_exit *exit)
{
	struct cpuid_regs r =
		policy_cpuid((uint32_t)*vcpu_reg(run, REG_RAX), (uint32_t)*vcpu_reg(run, REG_RCX));

	*vcpu_reg(run, REG_RAX) = r.eax;
	*vcpu_reg(run, REG_RBX) = r.ebx;
	*vcpu_reg(run, REG_RCX) = r.ecx;
	*vcpu_reg(run, REG_RDX) = r.edx;
	return vcpu_skip(run, exit);
}

/* What is more than can be kept is not shown either: a guest cannot fill the log. */
static void guest_putc(struct guest_run *run, char c)
{
	char words[4 * GUEST_OUTPUT_MAX];

	if (run->output_length == sizeof(run->output) - 1)
		return;
	run->output[run->output_length++] = c;
	if (c != '\n')
		return;
	format_escaped(words, sizeof(words), run->output + run->output_printed,
		       run->output_length - run->output_printed - 1);
	note("%s says: %s", run->guest->name, words);
	run->output_printed = run->output_length;
}

/* No port but one: as with an empty bus, reads give ones and writes get lost. */
bool on_io(struct guest_run *run, struct vcpu_exit *exit)
{
	uint64_t ones = exit->io.size == 1 ? 0xff : exit->io.size == 2 ? 0xffff : 0xffffffff;

	if (exit->io.string)
		return vcpu_deny(run);
	if (!exit->io.in && exit->io.port == GUEST_CONSOLE_PORT && exit->io.size == 1) {
		guest_putc(run, (char)*vcpu_reg(run, REG_RAX));
		return vcpu_skip(run, exit);
	}
	run->denied++;
	if (exit->io.in)
		*vcpu_reg(run, REG_RAX) = exit->io.size == 4 ? ones : *vcpu_reg(run, REG_RAX) | ones;
	return vcpu_skip(run, exit);
}

bool on_refused(struct guest_run *run, struct vcpu_exit *exit)
{
	(void)exit;
	run->denied++;
	return vcpu_raise(run, VECTOR_UD);
}

/* INVD and WBINVD: guests share the host's caches, which are coherent. */
bool on_cache(struct guest_run *run, struct vcpu_exit *exit)
{
	return vcpu_skip(run, exit);
}

/* What it asked for itself wakes a guest; nobody sends it interrupts of his own accord. */
bool on_hlt(struct guest_run *run, struct vcpu_exit *exit)
{
	struct vcpu_state state;

	run->ops->get_state(run->vcpu, &state);
	if (run->waiting.valid && state.rflags & RFLAGS_IF)
		return vcpu_skip(run, exit);
	return vcpu_end(run, exit, END_HALTED);
}
