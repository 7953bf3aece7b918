/* SPDX-License-Identifier: BSD-2-Clause */
/* What a multiboot2 loader does. Multiboot2 specification 2.0, 3.6: boot information. */
#include "test/kvm/vmm.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MEMORY_MAP = 6,
	TAG_RSDP_NEW = 15,
	TAG_ALIGN = 8,
	MEMORY_AVAILABLE = 1,
	MEMORY_RESERVED = 2,
};

struct info {
	uint32_t size, reserved;
};

struct tag {
	uint32_t type, size; /* size: with this header, without padding */
};

struct map {
	uint32_t entry_size, entry_version;
	struct map_entry {
		uint64_t base, length;
		uint32_t type, reserved;
	} entries[3];
};

_Static_assert(offsetof(struct map, entries) == 8, "specification 3.6.8");
_Static_assert(sizeof(struct map_entry) == 24, "specification 3.6.8");

/* The block in the kernel's file that takes words: boot/words.asm. */
static const char words_mark[] = "\0nestbox words 1:";

enum { WORDS_MARK_SIZE = sizeof(words_mark) - 1, WORDS_BLOCK_SIZE = 1024 };

static void add_tag(struct info *info, uint32_t type, const void *body, size_t size)
{
	uint8_t *at = (uint8_t *)info + info->size;
	struct tag tag = { type, (uint32_t)(sizeof(tag) + size) };

	memcpy(at, &tag, sizeof(tag));
	if (size)
		memcpy(at + sizeof(tag), body, size);
	info->size += (tag.size + TAG_ALIGN - 1) / TAG_ALIGN * TAG_ALIGN;
}

static void make_info(const char *cmdline)
{
	struct info *info = (void *)(vm.ram + INFO_AT);
	struct map map = { sizeof(struct map_entry),
			   0,
			   {
				   { 0, LOW_END, MEMORY_AVAILABLE, 0 },
				   { ROM_AT, HIGH_AT - ROM_AT, MEMORY_RESERVED, 0 },
				   { HIGH_AT, vm.ram_size - HIGH_AT, MEMORY_AVAILABLE, 0 },
			   } };
	size_t rsdp_size;
	const void *rsdp = make_acpi(vm.ram, &rsdp_size);

	info->size = sizeof(*info);
	add_tag(info, TAG_CMDLINE, cmdline, strlen(cmdline) + 1);
	add_tag(info, TAG_LOADER, "test/kvm", sizeof("test/kvm"));
	add_tag(info, TAG_MEMORY_MAP, &map, sizeof(map));
	add_tag(info, TAG_RSDP_NEW, rsdp, rsdp_size);
	add_tag(info, TAG_END, NULL, 0);
}

/*
 * As run.sh does it in an ISO, so that what nestbox says of its words is the same: they go
 * into the block, and those in front that do not fit are the loader's.
 */
static void put_words(uint8_t *file, size_t size)
{
	uint8_t *mark = memmem(file, size, words_mark, WORDS_MARK_SIZE), *block;
	char *words = options.words, *tail = words;
	size_t length = strlen(words);

	if (!mark || (size_t)(file + size - mark) < WORDS_MARK_SIZE + WORDS_BLOCK_SIZE)
		die("it has no block for words: no kernel of nestbox's?", "%s", options.elf);
	block = mark + WORDS_MARK_SIZE;
	if (length > WORDS_BLOCK_SIZE) {
		tail = strchr(words + length - WORDS_BLOCK_SIZE - 1, ' ');
		if (!tail)
			die("a word is too long", "the kernel's command line");
		*tail++ = 0;
	}
	memset(block, ' ', WORDS_BLOCK_SIZE);
	memcpy(block, tail, strlen(tail));
	make_info(tail == words ? "" : words);
}

static void load_segment(const Elf64_Phdr *p, const uint8_t *file, size_t size)
{
	if (p->p_offset > size || p->p_filesz > size - p->p_offset || p->p_paddr < HIGH_AT ||
	    p->p_paddr > vm.ram_size || p->p_memsz > vm.ram_size - p->p_paddr ||
	    p->p_filesz > p->p_memsz)
		die("a segment has no place in the file or in memory", "%s", options.elf);
	memcpy(vm.ram + p->p_paddr, file + p->p_offset, p->p_filesz);
}

uint32_t load_kernel(void)
{
	size_t size;
	uint8_t *file = (uint8_t *)read_file(options.elf, &size);
	const Elf64_Ehdr *e = (const void *)file;
	uint32_t entry;

	if (size < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
	    e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_machine != EM_X86_64 ||
	    e->e_phentsize != sizeof(Elf64_Phdr) || e->e_phoff > size ||
	    e->e_phnum > (size - e->e_phoff) / sizeof(Elf64_Phdr))
		die("not an ELF file for x86-64", "%s", options.elf);
	put_words(file, size);
	for (unsigned i = 0; i < e->e_phnum; i++) {
		Elf64_Phdr p;

		memcpy(&p, file + e->e_phoff + i * sizeof(p), sizeof(p));
		if (p.p_type == PT_LOAD)
			load_segment(&p, file, size);
	}
	entry = (uint32_t)e->e_entry;
	free(file);
	return entry;
}
