/* SPDX-License-Identifier: Apache-2.0
 *
 * elf_file.c: opening ELF files by libelf, carefully.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <gelf.h>

#include "elf_file.h"
#include "error.h"
#include "model.h"

/* Opening some devices makes them act (a tape rewinds, a watchdog starts), so the path is looked at first; O_NONBLOCK and the
 * second look are for a path that becomes something else between the two. */
static int open_regular(const char *path)
{
	struct stat status;
	int fd;

	if (stat(path, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

static Elf_Scn *section_of(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header))
			continue;
		found = elf_strptr(elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

static bool has_bytes(Elf *elf, const char *name)
{
	GElf_Shdr header;

	return section_of(elf, name, &header) && header.sh_type != SHT_NOBITS && header.sh_size;
}

/* Checks what libelf opened and notes what will be asked for often. */
static int look_at(struct seep_elf_file *f, struct seep_error *e)
{
	const void *id;
	ssize_t bytes;
	GElf_Ehdr header;

	if (!f->elf || elf_kind(f->elf) != ELF_K_ELF || !gelf_getehdr(f->elf, &header))
		return seep_error_set(e, "%s is no ELF file that can be read", f->path);
	bytes = dwelf_elf_gnu_build_id(f->elf, &id);
	if (bytes > 0 && (size_t)bytes <= sizeof(f->build_id)) {
		memcpy(f->build_id, id, (size_t)bytes);
		f->build_id_bytes = (unsigned)bytes;
	}
	/* A relocatable file with a build-id is one that dwz made; its DWARF is final. */
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN && !(header.e_type == ET_REL && f->build_id_bytes))
		return seep_error_set(e, "%s is neither a program nor a shared library", f->path);
	f->has_debug_info = has_bytes(f->elf, ".debug_info") || has_bytes(f->elf, ".zdebug_info");
	f->has_symbols = has_bytes(f->elf, ".symtab");
	return 0;
}

static struct seep_elf_file *file_create(const char *path)
{
	struct seep_elf_file *f = calloc(1, sizeof(*f));

	elf_version(EV_CURRENT);
	if (f) {
		f->fd = -1;
		f->path = strdup(path);
		if (f->path)
			return f;
		free(f);
	}
	return NULL;
}

int seep_elf_file_open(struct seep_elf_file **file, const char *path, struct seep_error *e)
{
	struct seep_elf_file *f = file_create(path);

	if (!f)
		return seep_error_set(e, "%s can't be opened (memory ran out)", path);
	f->fd = open_regular(path);
	if (f->fd < 0) {
		seep_error_set(e, "%s can't be opened (%s)", path,
			errno == EINVAL ? "it is no regular file" : strerror(errno));
		seep_elf_file_close(f);
		return -1;
	}
	f->elf = elf_begin(f->fd, ELF_C_READ_MMAP, NULL);
	if (look_at(f, e)) {
		seep_elf_file_close(f);
		return -1;
	}
	*file = f;
	return 0;
}

int seep_elf_file_open_image(
	struct seep_elf_file **file, const char *name, void *image, size_t bytes, struct seep_error *e)
{
	struct seep_elf_file *f = file_create(name);

	if (!f) {
		free(image);
		return seep_error_set(e, "%s can't be opened (memory ran out)", name);
	}
	f->image = image;
	f->elf = elf_memory(image, bytes);
	if (look_at(f, e)) {
		seep_elf_file_close(f);
		return -1;
	}
	*file = f;
	return 0;
}

int seep_elf_file_open_vdso(struct seep_elf_file **file, struct seep_error *e)
{
	const uint8_t *start = (const uint8_t *)getauxval(AT_SYSINFO_EHDR); // NOLINT(performance-no-int-to-ptr)
	const ElfW(Ehdr) *header = (const void *)start;
	size_t bytes;
	void *copy;

	if (!start)
		return seep_error_set(e, "this kernel has no vDSO");
	bytes = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize; /* the kernel puts them last */
	for (unsigned i = 0; i < header->e_phnum; i++) {
		const ElfW(Phdr) *segment = (const void *)(start + header->e_phoff + (size_t)i * header->e_phentsize);

		if (segment->p_type == PT_LOAD && segment->p_offset + segment->p_filesz > bytes)
			bytes = segment->p_offset + segment->p_filesz;
	}
	copy = malloc(bytes);
	if (!copy)
		return seep_error_set(e, "memory ran out");
	memcpy(copy, start, bytes);
	return seep_elf_file_open_image(file, "[vdso]", copy, bytes, e);
}

/* The end of the last segment. A process maps whole pages, and the recorder may have seen either. */
static bool same_extent(const struct seep_elf_file *f, const struct seep_module *m)
{
	const uint64_t largest_page = 65536;
	uint64_t end = 0;
	size_t count;

	if (elf_getphdrnum(f->elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		if (!gelf_getphdr(f->elf, (int)i, &segment))
			return false;
		if (segment.p_type == PT_LOAD && segment.p_vaddr + segment.p_memsz > end)
			end = segment.p_vaddr + segment.p_memsz;
	}
	return m->end - m->bias + largest_page > end && m->end - m->bias < end + largest_page;
}

bool seep_elf_file_is(const struct seep_elf_file *f, const struct seep_module *m)
{
	if (f->build_id_bytes != m->build_id_bytes)
		return false;
	if (f->build_id_bytes)
		return !memcmp(f->build_id, m->build_id, f->build_id_bytes);
	return same_extent(f, m);
}

Elf_Data *seep_elf_file_section(const struct seep_elf_file *f, const char *name)
{
	GElf_Shdr header;
	Elf_Scn *section = section_of(f->elf, name, &header);

	if (!section || header.sh_type == SHT_NOBITS)
		return NULL;
	if ((header.sh_flags & SHF_COMPRESSED) && elf_compress(section, 0, 0) < 0)
		return NULL;
	return elf_getdata(section, NULL);
}

bool seep_elf_file_altlink(
	const struct seep_elf_file *f, const char **name, const uint8_t **build_id, size_t *build_id_bytes)
{
	Elf_Data *data = seep_elf_file_section(f, ".gnu_debugaltlink");
	const char *end = data && data->d_buf ? memchr(data->d_buf, '\0', data->d_size) : NULL;

	if (!end)
		return false;
	*name = data->d_buf;
	*build_id = (const uint8_t *)end + 1;
	*build_id_bytes = data->d_size - (size_t)(end + 1 - *name);
	return true;
}

/* The reflected CRC-32 of IEEE 802.3, as in zlib and GDB's manual, "Debugging Information in Separate Files". */
static uint32_t crc_update(uint32_t crc, const uint8_t *bytes, size_t count)
{
	static uint32_t table[256];

	if (!table[1])
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t value = i;

			for (int bit = 0; bit < 8; bit++)
				value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
			table[i] = value;
		}
	for (size_t i = 0; i < count; i++)
		crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
	return crc;
}

int seep_elf_file_crc(const struct seep_elf_file *f, uint32_t *crc)
{
	uint8_t buffer[8192];
	uint32_t value = 0xffffffffu;
	off_t offset = 0;
	ssize_t got;

	if (f->fd < 0)
		return -1;
	while ((got = pread(f->fd, buffer, sizeof(buffer), offset)) > 0) {
		value = crc_update(value, buffer, (size_t)got);
		offset += got;
	}
	*crc = ~value;
	return got < 0 ? -1 : 0;
}

void seep_elf_file_close(struct seep_elf_file *f)
{
	if (!f)
		return;
	if (f->elf)
		elf_end(f->elf);
	if (f->fd >= 0)
		close(f->fd);
	free(f->image);
	free(f->path);
	free(f);
}
