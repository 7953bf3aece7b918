/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/bootinfo.h"

#include "kernel/fault.h"
#include "kernel/string.h"

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
	uint32_t type, size; /* size: with this header, without padding */
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

static const char *parse_text(const uint8_t *bytes, uint32_t size, char *out, size_t max,
			      const char *too_long, const char *unterminated)
{
	for (uint32_t n = 0; n < size; n++) {
		if (n == max)
			return too_long;
		out[n] = (char)bytes[n];
		if (!out[n])
			return NULL;
	}
	return unterminated;
}

/* One that is too long is cut, and refused by who reads it: exit= may be in it. */
static const char *parse_cmdline(const uint8_t *bytes, uint32_t size, struct bootinfo *info)
{
	uint32_t n = 0;

	while (n < size && bytes[n])
		n++;
	if (n == size)
		return "the command line does not end within its tag";
	info->cmdline_cut = n >= BOOTINFO_CMDLINE_MAX;
	if (info->cmdline_cut)
		n = BOOTINFO_CMDLINE_MAX - 1;
	memcpy(info->cmdline, bytes, n);
	info->cmdline[n] = 0;
	return NULL;
}

static const char *parse_map(const uint8_t *tag, uint32_t size, struct bootinfo *info)
{
	struct map_tag head;

	if (size < sizeof(head))
		return "the memory map's tag is too short";
	memcpy(&head, tag, sizeof(head));
	if (head.entry_size < sizeof(struct map_entry) || head.entry_size % TAG_ALIGN)
		return "the memory map's entries have an impossible size";
	if ((size - sizeof(head)) % head.entry_size)
		return "the memory map ends within an entry";
	for (uint32_t at = sizeof(head); at < size; at += head.entry_size) {
		struct map_entry e;

		if (info->nmap == BOOTINFO_MAP_MAX)
			return "the memory map has more than 256 entries";
		memcpy(&e, tag + at, sizeof(e));
		if (e.length > UINT64_MAX - e.base && !FAULT(MAP_WRAPS))
			return "an entry of the memory map wraps around";
		info->map[info->nmap++] = (struct bootinfo_range){ e.base, e.length, e.type };
	}
	return NULL;
}

static void parse_efi(const uint8_t *bytes, uint32_t size, uint32_t pointer, struct bootinfo *info)
{
	info->efi = true;
	if (size < pointer) /* of use only to name the firmware */
		return;
	info->efi_table = 0;
	memcpy(&info->efi_table, bytes, pointer);
	info->efi_pointer = pointer;
}

static void parse_rsdp(const uint8_t *bytes, uint32_t size, uint32_t want, struct bootinfo *info)
{
	if (size < want) /* of use only to start other CPUs: not worth a refusal */
		return;
	memcpy(info->rsdp, bytes, want);
	info->has_rsdp = true;
}

static const char *parse_tag(const uint8_t *bytes, const struct tag *tag, struct bootinfo *info)
{
	const uint8_t *body = bytes + sizeof(*tag);
	uint32_t size = tag->size - (uint32_t)sizeof(*tag);

	switch (tag->type) {
	case TAG_CMDLINE:
		return parse_cmdline(body, size, info);
	case TAG_LOADER:
		return parse_text(body, size, info->loader, sizeof(info->loader),
				  "the boot loader's name has more than 63 characters",
				  "the boot loader's name does not end within its tag");
	case TAG_MEMORY_MAP:
		return parse_map(bytes, tag->size, info);
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
	return NULL;
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
		const char *error;

		if (size - at < sizeof(tag))
			return "the boot information has no end tag";
		memcpy(&tag, base + at, sizeof(tag));
		if (tag.size < sizeof(tag) || tag.size > size - at)
			return "a tag of the boot information has an impossible size";
		if (tag.type == TAG_END)
			break;
		error = parse_tag(base + at, &tag, info);
		if (error)
			return error;
		at = next_tag(at, &tag);
		if (at > size)
			return "the boot information has no end tag";
	}
	return info->nmap ? NULL : "the boot loader gave no memory map";
}
