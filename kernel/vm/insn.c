/* SPDX-License-Identifier: BSD-2-Clause */
/* APM vol. 3, chapter 1 (encoding) and appendix A (opcode maps). */
#include "kernel/vm/insn.h"

#include "kernel/lib/fault.h"

static bool is_legacy_prefix(uint8_t b)
{
	switch (b) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
	case 0x67:
	case 0xf0:
	case 0xf2:
	case 0xf3:
		return true;
	}
	return false;
}

/* 0f 20 /r and 0f 22 /r. REX has the high bits of the register numbers. */
static void decode_mov_cr(struct insn *insn, uint8_t opcode, uint8_t modrm, uint8_t rex, bool lock)
{
	insn->kind = EXIT_CR;
	insn->cr_op = CR_MOV;
	insn->write = opcode == 0x22;
	insn->cr = (uint8_t)((modrm >> 3 & 7) | (rex & 4) << 1 | (lock ? 8 : 0));
	insn->reg = (uint8_t)(modrm & 7);
	if (!FAULT(REX_LOST))
		insn->reg |= (uint8_t)((rex & 1) << 3);
	insn->length++;
}

/* 0f 01 /6 with a register; LMSW from memory is not decoded. */
static void decode_lmsw(struct insn *insn, uint8_t modrm, uint8_t rex)
{
	insn->kind = EXIT_CR;
	insn->cr_op = CR_LMSW;
	insn->write = true;
	insn->reg = (uint8_t)((modrm & 7) | (rex & 1) << 3);
}

static uint8_t kind_of_0f01(uint8_t modrm)
{
	switch (modrm) {
	case 0xc1: /* VMCALL */
	case 0xd9: /* VMMCALL */
		return EXIT_HYPERCALL;
	case 0xd1:
		return EXIT_XSETBV;
	}
	return EXIT_UNKNOWN;
}

static uint8_t kind_of_0f(uint8_t opcode)
{
	switch (opcode) {
	case 0x06: /* CLTS */
		return EXIT_CR;
	case 0x08: /* INVD */
	case 0x09: /* WBINVD */
		return EXIT_CACHE;
	case 0x30: /* WRMSR */
	case 0x32: /* RDMSR */
		return EXIT_MSR;
	case 0xa2:
		return EXIT_CPUID;
	}
	return EXIT_UNKNOWN;
}

bool insn_decode(const uint8_t *bytes, unsigned n, bool long_mode, struct insn *insn)
{
	unsigned at = 0;
	uint8_t rex = 0;
	bool lock = false;

	*insn = (struct insn){ .kind = EXIT_UNKNOWN };
	for (; at < n; at++) {
		if (is_legacy_prefix(bytes[at])) {
			lock |= bytes[at] == 0xf0;
			rex = 0; /* ignored unless right before the opcode */
		} else if (long_mode && (bytes[at] & 0xf0) == 0x40) {
			rex = bytes[at];
		} else {
			break;
		}
	}
	if (at < n && bytes[at] == 0xf4) {
		insn->kind = EXIT_HLT;
		insn->length = (uint8_t)(at + 1);
		return true;
	}
	if (at + 1 >= n || bytes[at] != 0x0f)
		return false;
	insn->length = (uint8_t)(at + 2);
	insn->kind = kind_of_0f(bytes[at + 1]);
	if (insn->kind == EXIT_CR) { /* CLTS: the others are a byte longer */
		insn->cr_op = CR_CLTS;
		insn->write = true;
	}
	if (insn->kind != EXIT_UNKNOWN)
		return true;
	if (at + 2 >= n)
		return false;
	if (bytes[at + 1] == 0x01) {
		insn->kind = kind_of_0f01(bytes[at + 2]);
		if ((bytes[at + 2] & 0xf8) == 0xf0)
			decode_lmsw(insn, bytes[at + 2], rex);
		insn->length++;
	} else if (bytes[at + 1] == 0x20 || bytes[at + 1] == 0x22) {
		decode_mov_cr(insn, bytes[at + 1], bytes[at + 2], rex, lock);
	}
	return insn->kind != EXIT_UNKNOWN;
}
