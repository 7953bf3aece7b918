/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/registers.h"

#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/x86.h"

enum { WORDS = 96 };

struct bit_name {
	uint64_t bit;
	const char *name;
};

/* SDM vol. 1, 3.4.3; vol. 3A, 2.5 and 2.2.1. */
static const struct bit_name rflags_bits[] = {
	{ 1 << 0, "CF" },  { 1 << 2, "PF" },  { 1 << 4, "AF" },	 { 1 << 6, "ZF" },
	{ 1 << 7, "SF" },  { 1 << 8, "TF" },  { 1 << 9, "IF" },	 { 1 << 10, "DF" },
	{ 1 << 11, "OF" }, { 1 << 14, "NT" }, { 1 << 16, "RF" }, { 1 << 17, "VM" },
	{ 1 << 18, "AC" }, { 0, NULL },
};
static const struct bit_name cr0_bits[] = {
	{ CR0_PE, "PE" }, { CR0_MP, "MP" }, { CR0_EM, "EM" }, { CR0_TS, "TS" },
	{ CR0_ET, "ET" }, { CR0_NE, "NE" }, { CR0_WP, "WP" }, { CR0_AM, "AM" },
	{ CR0_NW, "NW" }, { CR0_CD, "CD" }, { CR0_PG, "PG" }, { 0, NULL },
};
static const struct bit_name cr4_bits[] = {
	{ CR4_DE, "DE" },     { CR4_PSE, "PSE" },	{ CR4_PAE, "PAE" },
	{ CR4_PGE, "PGE" },   { CR4_OSFXSR, "OSFXSR" }, { CR4_OSXMMEXCPT, "OSXMMEXCPT" },
	{ CR4_LA57, "LA57" }, { CR4_VMXE, "VMXE" },	{ CR4_OSXSAVE, "OSXSAVE" },
	{ 0, NULL },
};
static const struct bit_name efer_bits[] = {
	{ EFER_SCE, "SCE" }, { EFER_LME, "LME" },   { EFER_LMA, "LMA" },
	{ EFER_NXE, "NXE" }, { EFER_SVME, "SVME" }, { 0, NULL },
};

static void note_bits(const char *name, uint64_t value, const struct bit_name *bits)
{
	char words[WORDS] = "";
	size_t n = 0;

	for (; bits->name; bits++)
		if (value & bits->bit && n < sizeof(words))
			n += (size_t)format(words + n, sizeof(words) - n, " %s", bits->name);
	note("%-6s 0x%016lx%s", name, (unsigned long)value, words);
}

void registers_note(const uint64_t r[16], uint64_t rip, uint64_t rflags)
{
	static const char *const names[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"
	};

	note("rip    0x%016lx", (unsigned long)rip);
	for (unsigned i = 0; i < 16; i += 4)
		note("%-6s 0x%016lx  %-3s 0x%016lx  %-3s 0x%016lx  %-3s 0x%016lx", names[i],
		     (unsigned long)r[i], names[i + 1], (unsigned long)r[i + 1], names[i + 2],
		     (unsigned long)r[i + 2], names[i + 3], (unsigned long)r[i + 3]);
	note_bits("rflags", rflags, rflags_bits);
}

void registers_note_control(uint64_t cr0, uint64_t cr2, uint64_t cr3, uint64_t cr4, uint64_t efer)
{
	note_bits("cr0", cr0, cr0_bits);
	note("cr2    0x%016lx", (unsigned long)cr2);
	note("cr3    0x%016lx", (unsigned long)cr3);
	note_bits("cr4", cr4, cr4_bits);
	note_bits("efer", efer, efer_bits);
}
