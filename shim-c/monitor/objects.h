/*
 * Loaded objects and what they define, read without the loader: dlsym() may allocate, take a lock, or be
 * another library's.
 */
#ifndef BOXER_OBJECTS_H
#define BOXER_OBJECTS_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object {
  uintptr_t base;
  const ElfW(Dyn) * dynamic;
  const ElfW(Sym) * symbols;
  const char *strings;
  const uint32_t *gnu_hash;
  const uint32_t *hash;
  const uint16_t *versions;
};

/*
 * What a tag of the dynamic section points at: glibc adds the base to these pointers when it loads an object,
 * musl does not.
 */
const void *pointed_at(uintptr_t base, uintptr_t pointer);
/* False: it defines nothing that could be found. */
bool read_object(uintptr_t base, const ElfW(Dyn) * dynamic, struct object *object);
/* The same of what dl_iterate_phdr() shows. */
bool read_shown(const struct dl_phdr_info *info, struct object *object);
/* Its function of this name, the default one where there are several versions; NULL when it defines none. */
void *function_in(const struct object *object, const char *name);
/* Whether an address lies in one of its segments. */
bool lies_in(const struct dl_phdr_info *info, uintptr_t address);
/* libc itself, or what was a library of its own beside it in glibc before 2.34. */
bool is_libc(const struct object *object);
/* The object that this code is in. */
bool is_ours(const struct object *object);

#endif
