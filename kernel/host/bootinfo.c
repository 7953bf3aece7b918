/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/bootinfo.h"

#include "kernel/lib/string.h"

enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MEMORY_MAP = 6,
	TAG_EFI32 = 11,
	TAG_EFI64 = 12,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,
	TAG_ALIGN = 8,
	RSDP_OLD_SIZE = 20,
	RSDP_NEW_SIZE = 36,
};

struct fixed_part {
	uint32_t total_size, reserved;
};

struct tag {
	uint32_t type, size; /* size: includes this header, excludes padding */
};

struct map_tag {
	struct tag tag;
	uint32_t entry_size, entry_version;
};

struct map_entry {
	uint64_t base, length;
	uint32_t type, reserved;
};

_Static_assert(sizeof(struct map_tag) == 16, "specification 3.6.8");
_Static_assert(sizeof(struct map_entry) == 24, "specification 3.6.8");

uint32_t bootinfo_size(const void *bytes)
{
	struct fixed_part fixed;

	memcpy(&fixed, bytes, sizeof(fixed));
	return fixed.total_size < sizeof(fixed) + sizeof(struct tag) ? 0 : fixed.total_size;
}

/* Copies a string, truncating it to fit. Returns true if it was too long or had no NUL. */
static bool copy_text(const uint8_t *bytes, uint32_t size, char *out, size_t max)
{
	uint32_t n = 0;

	while (n < size && n < max - 1 && bytes[n])
		n++;
	memcpy(out, bytes, n);
	out[n] = 0;
	return n == size || bytes[n];
}

/* The caller of bootinfo_parse refuses a line that is too long, since words are missing. */
static void parse_cmdline(const uint8_t *bytes, uint32_t size, struct bootinfo *info)
{
	bool cut = copy_text(bytes, size, info->cmdline, sizeof(info->cmdline));

	info->cmdline_cut = cut && size >= sizeof(info->cmdline);
	if (cut && !info->cmdline_cut)
		remark(&info->remarks,
		       "the command line has no NUL at its end; it ends with its tag");
}

static void parse_loader(const uint8_t *bytes, uint32_t size, struct bootinfo *info)
{
	if (copy_text(bytes, size, info->loader, sizeof(info->loader)))
		remark(&info->remarks, "the boot loader's name is too long, or does not end; "
				       "it is cut");
}

/* Entries are not copied, since there may be any number of them. */
static void parse_map(const uint8_t *tag, uint32_t size, struct bootinfo *info)
{
	struct map_tag head;

	memcpy(&head, tag, size < sizeof(head) ? size : sizeof(head));
	if (info->nmap) {
		remark(&info->remarks, "there is more than one memory map; the first is used");
	} else if (size < sizeof(head)) {
		remark(&info->remarks, "a memory map is not used: its tag is too short");
	} else if (head.entry_size < sizeof(struct map_entry) || head.entry_size % TAG_ALIGN) {
		remark(&info->remarks, "a memory map is not used: its entries have an "
				       "impossible size");
	} else {
		info->map = tag + sizeof(head);
		info->map_step = head.entry_size;
		info->nmap = (size - (uint32_t)sizeof(head)) / head.entry_size;
		if ((size - sizeof(head)) % head.entry_size)
			remark(&info->remarks, "the memory map ends within an entry, which is "
					       "not used");
	}
}

struct bootinfo_range bootinfo_range(const struct bootinfo *info, unsigned i)
{
	struct map_entry e;

	memcpy(&e, info->map + (size_t)i * info->map_step, sizeof(e));
	return (struct bootinfo_range){ e.base, e.length, e.type };
}

static void parse_efi(const uint8_t *bytes, uint32_t size, uint32_t pointer, struct bootinfo *info)
{
	info->efi = true;
	if (size < pointer) /* it is only used to name the firmware */
		return;
	info->efi_table = 0;
	memcpy(&info->efi_table, bytes, pointer);
	info->efi_pointer = pointer;
}

static void parse_rsdp(const uint8_t *bytes, uint32_t size, uint32_t want, struct bootinfo *info)
{
	if (size < want) {
		remark(&info->remarks, "an RSDP is not used: its tag is too short");
		return;
	}
	memcpy(info->rsdp, bytes, want);
	info->has_rsdp = true;
}

static void parse_tag(const uint8_t *bytes, const struct tag *tag, struct bootinfo *info)
{
	const uint8_t *body = bytes + sizeof(*tag);
	uint32_t size = tag->size - (uint32_t)sizeof(*tag);

	switch (tag->type) {
	case TAG_CMDLINE:
		parse_cmdline(body, size, info);
		break;
	case TAG_LOADER:
		parse_loader(body, size, info);
		break;
	case TAG_MEMORY_MAP:
		parse_map(bytes, tag->size, info);
		break;
	case TAG_EFI32:
		parse_efi(body, size, 4, info);
		break;
	case TAG_EFI64:
		parse_efi(body, size, 8, info);
		break;
	case TAG_RSDP_OLD:
		if (!info->has_rsdp)
			parse_rsdp(body, size, RSDP_OLD_SIZE, info);
		break;
	case TAG_RSDP_NEW:
		parse_rsdp(body, size, RSDP_NEW_SIZE, info);
		break;
	}
}

static uint64_t next_tag(uint64_t at, const struct tag *tag)
{
	return at + ((uint64_t)tag->size + TAG_ALIGN - 1) / TAG_ALIGN * TAG_ALIGN;
}

const char *bootinfo_find_cmdline(const void *bytes, size_t *size)
{
	const uint8_t *base = bytes;
	uint64_t at = sizeof(struct fixed_part), end = *size;
	struct tag tag;

	for (; end >= sizeof(tag) && at <= end - sizeof(tag); at = next_tag(at, &tag)) {
		memcpy(&tag, base + at, sizeof(tag));
		if (tag.size < sizeof(tag) || tag.type == TAG_END)
			break;
		if (tag.type != TAG_CMDLINE)
			continue;
		*size = (tag.size < end - at ? tag.size : end - at) - sizeof(tag);
		return (const char *)base + at + sizeof(tag);
	}
	return NULL;
}

const char *bootinfo_parse(const void *bytes, size_t size, struct bootinfo *info)
{
	const uint8_t *base = bytes;
	uint64_t at = sizeof(struct fixed_part);

	memset(info, 0, sizeof(*info));
	if (size < at || bootinfo_size(bytes) == 0 || bootinfo_size(bytes) > size)
		return "the boot information's size is impossible";
	size = bootinfo_size(bytes);
	for (;;) {
		struct tag tag;

		if (size - at < sizeof(tag))
			return "the boot information has no end tag";
		memcpy(&tag, base + at, sizeof(tag));
		if (tag.size < sizeof(tag) || tag.size > size - at)
			return "a tag of the boot information has an impossible size";
		if (tag.type == TAG_END)
			break;
		parse_tag(base + at, &tag, info);
		at = next_tag(at, &tag);
		if (at > size)
			return "the boot information has no end tag";
	}
	return info->nmap ? NULL : "the boot loader gave no memory map";
}
