/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control registers and EFER. If policy_state.c allows a write, the guest's state changes with
 * all consequences: EFER.LMA follows paging, and some CPUs keep the four PDPTEs of PAE paging in
 * registers.
 */
#include "kernel/vm/policy.h"
#include "kernel/vm/vcpu_handlers.h"

/* PAE paging: the table address in CR3, and bits that must be 0 in a present PDPTE. */
#define PAE_TABLE	UINT64_C(0xffffffe0)
#define PAE_PRESENT	UINT64_C(1)
#define PAE_RESERVED_LOW UINT64_C(0x1e6)

static void change(struct vcpu_run *run, const struct vcpu_state *from,
		   const struct vcpu_state *to)
{
	if (from->cr0 != to->cr0)
		run->ops->set_cr(run->vcpu, 0, to->cr0);
	if (from->cr3 != to->cr3)
		run->ops->set_cr(run->vcpu, 3, to->cr3);
	if (from->cr4 != to->cr4)
		run->ops->set_cr(run->vcpu, 4, to->cr4);
	if (from->efer != to->efer)
		run->ops->set_efer(run->vcpu, to->efer);
}

/* Completes the exit by decoding the instruction, if the CPU did not report the register. */
static bool complete(struct vcpu_run *run, struct vcpu_exit *exit)
{
	struct insn insn;

	if (exit->cr.op != CR_MOV || exit->cr.reg != REG_UNKNOWN)
		return true;
	if (!vcpu_decode_insn(run, exit, &insn))
		return false;
	if (insn.cr_op == CR_MOV)
		exit->cr.number = insn.cr;
	exit->cr.op = insn.cr_op;
	exit->cr.write = insn.write;
	exit->cr.reg = insn.reg;
	exit->cr.source = (uint16_t)*vcpu_reg(run, insn.reg);
	exit->length = insn.length;
	return true;
}

/* LMSW writes the low four bits; it can set PE, but not clear it. */
static uint64_t value_of(struct vcpu_run *run, const struct vcpu_exit *exit,
			 const struct vcpu_state *s)
{
	switch (exit->cr.op) {
	case CR_CLTS:
		return s->cr0 & ~CR0_TS;
	case CR_LMSW:
		return (s->cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) |
		       (exit->cr.source & (CR0_PE | CR0_MP | CR0_EM | CR0_TS));
	}
	return vcpu_in_code64(s) ? *vcpu_reg(run, exit->cr.reg) :
				   (uint32_t)*vcpu_reg(run, exit->cr.reg);
}

/* SDM vol. 3A, 4.4.1: writes that load the PDPTEs. */
static bool loads_pdptes(const struct vcpu_state *from, const struct vcpu_state *to,
			 unsigned number)
{
	if (!(to->cr0 & CR0_PG) || !(to->cr4 & CR4_PAE) || to->efer & EFER_LMA)
		return false;
	return number == 3 || (from->cr0 ^ to->cr0) & (CR0_PG | CR0_CD | CR0_NW) ||
	       (from->cr4 ^ to->cr4) & (CR4_PAE | CR4_PGE | CR4_PSE);
}

static bool are_valid(const struct vcpu_run *run, const uint64_t pdptes[4])
{
	uint64_t reserved = PAE_RESERVED_LOW | ~UINT64_C(0) << run->as->gpt.caps.maxphyaddr;

	for (unsigned i = 0; i < 4; i++)
		if (pdptes[i] & PAE_PRESENT && pdptes[i] & reserved)
			return false;
	return true;
}

static bool write_cr(struct vcpu_run *run, struct vcpu_exit *exit, const struct vcpu_state *from)
{
	struct vcpu_state to = *from;
	uint64_t pdptes[4];

	if (!policy_cr_write(&to, exit->cr.number, value_of(run, exit, from)))
		return vcpu_deny(run);
	if (run->ops->set_pdptes && loads_pdptes(from, &to, exit->cr.number)) {
		do /* another vCPU may move or unmap it in between */
			if (!vcpu_touch(run, exit, to.cr3 & PAE_TABLE))
				return false;
		while (!aspace_read(run->as, to.cr3 & PAE_TABLE, pdptes, sizeof(pdptes)));
		if (!are_valid(run, pdptes))
			return vcpu_deny(run);
		run->ops->set_pdptes(run->vcpu, pdptes);
	}
	change(run, from, &to);
	return vcpu_skip(run, exit);
}

bool on_cr(struct vcpu_run *run, struct vcpu_exit *exit)
{
	struct vcpu_state state;

	if (!complete(run, exit))
		return vcpu_deny(run); /* LMSW from memory, which is not decoded */
	run->ops->get_state(run->vcpu, &state);
	*vcpu_reg(run, REG_RSP) = state.rsp;
	if (exit->cr.write)
		return write_cr(run, exit, &state);
	*vcpu_reg(run, exit->cr.reg) = policy_cr_read(&state, exit->cr.number);
	return vcpu_skip(run, exit);
}

bool on_msr(struct vcpu_run *run, struct vcpu_exit *exit)
{
	uint32_t msr = (uint32_t)*vcpu_reg(run, REG_RCX);
	struct vcpu_state from, to;
	uint64_t value;

	run->ops->get_state(run->vcpu, &from);
	to = from;
	if (exit->msr.write) {
		value = (uint32_t)*vcpu_reg(run, REG_RAX) | *vcpu_reg(run, REG_RDX) << 32;
		if (!policy_msr_write(&to, msr, value))
			return vcpu_deny(run);
		change(run, &from, &to);
	} else {
		if (!policy_msr_read(&from, msr, &value))
			return vcpu_deny(run);
		*vcpu_reg(run, REG_RAX) = (uint32_t)value;
		*vcpu_reg(run, REG_RDX) = value >> 32;
	}
	return vcpu_skip(run, exit);
}
