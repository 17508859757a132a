/* SPDX-License-Identifier: Apache-2.0
 *
 * cfi_find.c: see cfi.h. Finds the entry that covers an address: the loader's file there, its table of entries
 * (.eh_frame_hdr, sorted by address), the entry, and what it shares with others (CIE).
 */
#include "cfi.h"
#include "segments.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

static struct seep_cfi_bytes bytes_from(const uint8_t *at, const uint8_t *end)
{
	return (struct seep_cfi_bytes){.at = at, .end = end};
}

/* The length word of a CIE or FDE: a cursor over what it counts, and the size of the offset that follows. Empty: the terminator. */
static struct seep_cfi_bytes open_record(struct seep_cfi_bytes *bytes)
{
	uint64_t length = seep_cfi_fixed(bytes, 4);

	if (length == UINT32_MAX)
		length = seep_cfi_fixed(bytes, 8);
	return seep_cfi_take(bytes, length);
}

/* What follows the augmentation string's z. */
static bool read_augmentation(struct seep_cfi_bytes *data, const char *letters, struct seep_cfi_entry *entry)
{
	for (; *letters; letters++)
		switch (*letters) {
		case 'R':
			entry->pointer_encoding = (uint8_t)seep_cfi_fixed(data, 1);
			break;
		case 'L':
			seep_cfi_fixed(data, 1);
			break;
		case 'P': {
			uint8_t encoding = (uint8_t)seep_cfi_fixed(data, 1);

			if (encoding != SEEP_PE_OMIT)
				seep_cfi_pointer(data, encoding & (uint8_t)~SEEP_PE_INDIRECT, 0);
			break;
		}
		case 'S':
			entry->signal_frame = true;
			break;
		case 'B': /* aarch64's pointer authentication */
			break;
		default: /* unknown, and so is where the letters after it find their data */
			return false;
		}
	return !data->bad;
}

static bool read_cie(struct seep_cfi_bytes bytes, struct seep_cfi_entry *entry, bool *has_lengths)
{
	struct seep_cfi_bytes cie = open_record(&bytes);
	const char *augmentation;
	size_t length;
	uint8_t version;

	if (seep_cfi_fixed(&cie, 4) != 0 || cie.bad)
		return false;
	version = (uint8_t)seep_cfi_fixed(&cie, 1);
	if (version != 1 && version != 3 && version != 4)
		return false;
	augmentation = (const char *)cie.at;
	length = strnlen(augmentation, (size_t)(cie.end - cie.at));
	seep_cfi_take(&cie, length + 1);
	if (version == 4 && seep_cfi_fixed(&cie, 2) != sizeof(uintptr_t)) /* address size, no segment selectors */
		return false;
	entry->code_align = seep_cfi_uleb(&cie);
	entry->data_align = seep_cfi_sleb(&cie);
	entry->return_column = version == 1 ? seep_cfi_fixed(&cie, 1) : seep_cfi_uleb(&cie);
	*has_lengths = !cie.bad && augmentation[0] == 'z';
	if (*has_lengths) {
		struct seep_cfi_bytes data = seep_cfi_take(&cie, seep_cfi_uleb(&cie));

		if (!read_augmentation(&data, augmentation + 1, entry))
			return false;
	} else if (cie.bad || augmentation[0]) {
		return false;
	}
	entry->initial = cie;
	return !cie.bad;
}

/* Reads the FDE at `at`. False: it is a CIE, the terminator, or broken; *next is where the next record is, or NULL. */
static bool read_fde(
	const uint8_t *at, const uint8_t *low, const uint8_t *high, struct seep_cfi_entry *entry, const uint8_t **next)
{
	struct seep_cfi_bytes bytes = bytes_from(at, high);
	struct seep_cfi_bytes fde = open_record(&bytes);
	const uint8_t *here = fde.at;
	uint64_t back;
	bool has_lengths;

	*next = fde.bad || fde.at == fde.end ? NULL : bytes.at;
	back = seep_cfi_fixed(&fde, 4);
	if (fde.bad || back == 0 || back > (uint64_t)(here - low))
		return false;
	memset(entry, 0, sizeof *entry);
	if (!read_cie(bytes_from(here - back, high), entry, &has_lengths))
		return false;
	entry->start = seep_cfi_pointer(&fde, entry->pointer_encoding, 0);
	entry->end = entry->start + seep_cfi_pointer(&fde, entry->pointer_encoding & 0x0f, 0);
	if (has_lengths)
		seep_cfi_take(&fde, seep_cfi_uleb(&fde));
	entry->program = fde;
	return !fde.bad && entry->end > entry->start;
}

static bool covers(const struct seep_cfi_entry *entry, uintptr_t pc)
{
	return pc >= entry->start && pc < entry->end;
}

/* Without a table: all records, one after the other. */
static enum seep_cfi_status scan(
	const uint8_t *at, const uint8_t *low, const uint8_t *high, uintptr_t pc, struct seep_cfi_entry *entry)
{
	while (at && at >= low && at < high)
		if (read_fde(at, low, high, entry, &at) && covers(entry, pc))
			return SEEP_CFI_OK;
	return SEEP_CFI_NO_ENTRY;
}

struct pair {
	int32_t start; /* both count from the table's header */
	int32_t entry;
};

/* The last of the table's entries that starts at or before pc; NULL: none does. */
static const uint8_t *look_up(const uint8_t *header, const uint8_t *table, uint64_t count, uintptr_t pc)
{
	int64_t wanted = (int64_t)(pc - (uintptr_t)header);
	uint64_t first = 0;
	struct pair pair;

	while (count > 0) { /* everything before `first` starts at or before pc; `count` are undecided */
		uint64_t half = count / 2;

		memcpy(&pair, table + (first + half) * sizeof pair, sizeof pair);
		if (pair.start <= wanted) {
			first += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	if (first == 0)
		return NULL;
	memcpy(&pair, table + (first - 1) * sizeof pair, sizeof pair);
	return (const uint8_t *)((uintptr_t)header + (uintptr_t)(intptr_t)pair.entry);
}

enum seep_cfi_status seep_cfi_search(
	const uint8_t *header, const uint8_t *low, const uint8_t *high, uintptr_t pc, struct seep_cfi_entry *entry)
{
	struct seep_cfi_bytes bytes = bytes_from(header, high);
	uint8_t version = (uint8_t)seep_cfi_fixed(&bytes, 1);
	uint8_t frames_encoding = (uint8_t)seep_cfi_fixed(&bytes, 1);
	uint8_t count_encoding = (uint8_t)seep_cfi_fixed(&bytes, 1);
	uint8_t table_encoding = (uint8_t)seep_cfi_fixed(&bytes, 1);
	const uint8_t *frames = (const uint8_t *)seep_cfi_pointer(&bytes, frames_encoding, (uintptr_t)header);
	const uint8_t *unused;
	uint64_t count;

	if (bytes.bad || version != 1)
		return SEEP_CFI_BAD;
	/* No linker writes another kind of table. */
	if (count_encoding == SEEP_PE_OMIT || table_encoding != SEEP_PE_DATAREL_SDATA4)
		return scan(frames, low, high, pc, entry);
	count = seep_cfi_pointer(&bytes, count_encoding & (uint8_t)~SEEP_PE_APPLICATION, 0);
	if (bytes.bad || count > (uint64_t)(bytes.end - bytes.at) / sizeof(struct pair))
		return SEEP_CFI_BAD;
	frames = look_up(header, bytes.at, count, pc);
	if (!frames)
		return SEEP_CFI_NO_ENTRY;
	if (frames < low || frames >= high || !read_fde(frames, low, high, entry, &unused))
		return SEEP_CFI_BAD;
	return covers(entry, pc) ? SEEP_CFI_OK : SEEP_CFI_NO_ENTRY;
}

/* The part of the loaded file that holds the address and is mapped in one piece. */
static bool find_segment(
	const struct dl_find_object *object, const uint8_t *address, const uint8_t **low, const uint8_t **high)
{
	struct seep_segments segments = seep_segments_of(object);

	for (size_t i = 0; i < segments.count; i++) {
		const ElfW(Phdr) *segment = &segments.first[i];
		uintptr_t begin = object->dlfo_link_map->l_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R) ||
			(uintptr_t)address - begin >= segment->p_memsz)
			continue;
		*low = (const uint8_t *)begin;
		*high = *low + segment->p_memsz;
		return true;
	}
	return false;
}

enum seep_cfi_status seep_cfi_find(uintptr_t pc, struct seep_cfi_entry *entry)
{
	struct dl_find_object object;
	const uint8_t *low;
	const uint8_t *high;

	if (_dl_find_object((void *)pc, &object) != 0)
		return SEEP_CFI_NO_MODULE;
	if (!object.dlfo_eh_frame || !find_segment(&object, object.dlfo_eh_frame, &low, &high))
		return SEEP_CFI_NO_ENTRY;
	return seep_cfi_search(object.dlfo_eh_frame, low, high, pc, entry);
}
