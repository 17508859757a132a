/* SPDX-License-Identifier: Apache-2.0
 *
 * symbol_table.c: all functions of a file's symbol tables in one array, sorted by address.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "elf_file.h"
#include "error.h"
#include "memory.h"
#include "symbol_table.h"

#define SYMBOLS_MAX ((size_t)1 << 24) /* of one section; more than any real file has */
#define MINIDEBUG_MAX ((size_t)256 << 20) /* bytes that .gnu_debugdata may unpack to */
#define LOOK_BACK 64 /* symbols looked at for one that reaches over those behind it */

struct symbol {
	uint64_t start;
	uint64_t end; /* first address behind it */
	const char *name; /* in the file's string table */
	unsigned rank; /* the lower the better */
	bool sizeless;
};

struct seep_symbol_table {
	struct symbol *symbols; /* by start; of those with one start the best comes last */
	size_t count, capacity;
	struct seep_elf_file *minidebug; /* unpacked from .gnu_debugdata */
};

static unsigned rank_of(const char *name, unsigned binding)
{
	size_t underscores = strspn(name, "_");

	return (binding == STB_LOCAL ? 1u << 16 : 0) + (underscores < 255 ? (unsigned)underscores << 8 : 255u << 8) +
	       (binding == STB_WEAK ? 1 : 0);
}

static int by_start_best_last(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;
	size_t a_bytes, b_bytes;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank > b->rank ? -1 : 1;
	a_bytes = strlen(a->name);
	b_bytes = strlen(b->name);
	if (a_bytes != b_bytes)
		return a_bytes > b_bytes ? -1 : 1;
	return strcmp(b->name, a->name);
}

/* The end of the executable section that a symbol is in, or 0 if it is in none. */
static uint64_t code_end(Elf *elf, const GElf_Sym *symbol)
{
	Elf_Scn *section;
	GElf_Shdr header;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE)
		return symbol->st_shndx == SHN_XINDEX ? UINT64_MAX : 0;
	section = elf_getscn(elf, symbol->st_shndx);
	if (!section || !gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
		return 0;
	return header.sh_addr + header.sh_size;
}

static bool is_function(const GElf_Sym *symbol, const char *name)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	if (!name || !*name)
		return false;
	if (type == STT_NOTYPE) /* assembler; '$' and ".L" are marks of the compiler */
		return *name != '$' && *name != '.';
	return type == STT_FUNC || type == STT_GNU_IFUNC;
}

/* Adds the functions of one section; with `sizeless` also those without a size, which reach to the section's end for now. */
static int section_add(struct seep_symbol_table *t, Elf *elf, Elf_Scn *section, const GElf_Shdr *header, bool sizeless)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	size_t count = data && data->d_buf && entry ? data->d_size / entry : 0;

	for (size_t i = 1; i < count && i < SYMBOLS_MAX; i++) {
		GElf_Sym symbol;
		const char *name;
		uint64_t limit;

		if (!gelf_getsym(data, (int)i, &symbol) || (!symbol.st_size && !sizeless))
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (!is_function(&symbol, name))
			continue;
		limit = code_end(elf, &symbol);
		if (limit <= symbol.st_value)
			continue;
		if (seep_array_reserve(&t->symbols, &t->capacity, t->count + 1, sizeof(*t->symbols)))
			return -1;
		t->symbols[t->count++] = (struct symbol){
			.start = symbol.st_value,
			.end = symbol.st_size && symbol.st_size < limit - symbol.st_value
				       ? symbol.st_value + symbol.st_size
				       : limit,
			.sizeless = !symbol.st_size,
			.name = name,
			.rank = rank_of(name, GELF_ST_BIND(symbol.st_info)),
		};
	}
	return 0;
}

/* Functions written in assembler may have no size. Where a table holds the local functions as well, such a one reaches to the
 * next symbol; in a table that was stripped of them (.dynsym, strip -x) there may be other code between. */
static bool holds_locals(Elf_Scn *section)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	if (!data)
		return false;
	for (int i = 1; i < (int)SYMBOLS_MAX && gelf_getsym(data, i, &symbol); i++) {
		if (GELF_ST_BIND(symbol.st_info) != STB_LOCAL) /* locals come first */
			return false;
		if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF)
			return true;
	}
	return false;
}

static int elf_add(struct seep_symbol_table *t, Elf *elf)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type == SHT_DYNSYM && section_add(t, elf, section, &header, false))
			return -1;
		if (header.sh_type == SHT_SYMTAB && section_add(t, elf, section, &header, holds_locals(section)))
			return -1;
	}
	return 0;
}

/* lzma_stream_buffer_decode of liblzma, which libdw brings along where .gnu_debugdata is in use. Asked for by name, so that
 * seep builds and runs without it. */
typedef int lzma_decode(uint64_t *memory_limit, uint32_t flags, const void *allocator, const uint8_t *in,
	size_t *in_position, size_t in_size, uint8_t *out, size_t *out_position, size_t out_size);

enum { LZMA_OK = 0, LZMA_BUF_ERROR = 10 };

static void *unpack(const Elf_Data *packed, size_t *bytes)
{
	void *library = dlopen("liblzma.so.5", RTLD_NOW | RTLD_LOCAL);
	lzma_decode *decode = library ? (lzma_decode *)dlsym(library, "lzma_stream_buffer_decode") : NULL;
	uint8_t *out = NULL;

	for (size_t size = packed->d_size * 4; decode && size && size <= MINIDEBUG_MAX; size *= 2) {
		uint64_t memory_limit = (uint64_t)64 << 20;
		size_t in_position = 0;
		int status;

		out = malloc(size);
		*bytes = 0;
		if (!out)
			break;
		status = decode(&memory_limit, 0, NULL, packed->d_buf, &in_position, packed->d_size, out, bytes, size);
		if (status == LZMA_OK)
			break;
		free(out);
		out = NULL;
		if (status != LZMA_BUF_ERROR)
			break;
	}
	if (library)
		dlclose(library);
	return out;
}

/* Fedora's programs carry the symbols of their static functions as a packed ELF file of its own. */
static int minidebug_add(struct seep_symbol_table *t, const struct seep_elf_file *file)
{
	Elf_Data *packed = t->minidebug ? NULL : seep_elf_file_section(file, ".gnu_debugdata");
	size_t bytes;
	void *image = packed && packed->d_buf ? unpack(packed, &bytes) : NULL;
	struct seep_error e;

	if (!image || seep_elf_file_open_image(&t->minidebug, file->path, image, bytes, &e))
		return 0;
	return elf_add(t, t->minidebug->elf);
}

/* Lets symbols without a size end where the next one starts. */
static void sizeless_end(struct seep_symbol_table *t)
{
	uint64_t start = UINT64_MAX, next = UINT64_MAX; /* of the symbols behind, and behind those */

	for (size_t i = t->count; i-- > 0;) {
		struct symbol *s = &t->symbols[i];

		if (s->start != start) {
			next = start;
			start = s->start;
		}
		if (s->sizeless && s->end > next)
			s->end = next;
	}
}

int seep_symbol_table_open(struct seep_symbol_table **table, struct seep_elf_file *const *files, size_t count)
{
	struct seep_symbol_table *t = calloc(1, sizeof(*t));

	if (!t)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (elf_add(t, files[i]->elf) || minidebug_add(t, files[i])) {
			seep_symbol_table_close(t);
			return -1;
		}
	if (t->count)
		qsort(t->symbols, t->count, sizeof(*t->symbols), by_start_best_last);
	sizeless_end(t);
	*table = t;
	return 0;
}

const char *seep_symbol_table_find(const struct seep_symbol_table *t, uint64_t address)
{
	size_t low = 0, high = t->count;

	while (low < high) { /* low becomes the number of symbols that start at or before the address */
		size_t middle = low + (high - low) / 2;

		if (t->symbols[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t looked = 0; low > 0 && looked < LOOK_BACK; looked++)
		if (address < t->symbols[--low].end)
			return t->symbols[low].name;
	return NULL;
}

void seep_symbol_table_close(struct seep_symbol_table *t)
{
	if (!t)
		return;
	seep_elf_file_close(t->minidebug);
	free(t->symbols);
	free(t);
}
