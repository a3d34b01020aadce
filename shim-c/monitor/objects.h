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
 * Returns the address that a tag of the dynamic section stands for: glibc adds the base to these pointers
 * when it loads an object, musl does not.
 */
const void *pointed_at(uintptr_t base, uintptr_t pointer);
/* False: the object defines nothing that could be found. */
bool read_object(uintptr_t base, const ElfW(Dyn) * dynamic, struct object *object);
/* The same for an object that dl_iterate_phdr() reports. */
bool read_shown(const struct dl_phdr_info *info, struct object *object);
/*
 * Returns the object's function of this name, in the default version where there are several; NULL when it
 * defines none.
 */
void *function_in(const struct object *object, const char *name);
/* Whether an address lies in one of the object's segments. */
bool lies_in(const struct dl_phdr_info *info, uintptr_t address);
/* Whether the object is libc, or one of the libraries beside it in glibc before 2.34. */
bool is_libc(const struct object *object);
/* Whether the object is the monitor itself. */
bool is_ours(const struct object *object);

#endif
