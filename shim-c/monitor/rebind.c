/*
 * RTLD_DEEPBIND puts an object's own libraries before all others, so libc before the monitor. The object
 * keeps that order. Only where it found libc's function, or would find it at the first call, its pointer is
 * changed to the monitor's, as in any other object.
 */
#define _GNU_SOURCE
#include "rebind.h"

#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "libc.h"
#include "monitor.h"
#include "objects.h"

#if defined(__x86_64__)
#define CALLED R_X86_64_JUMP_SLOT
#define TAKEN R_X86_64_GLOB_DAT
#define STORED R_X86_64_64
#else
#define CALLED R_AARCH64_JUMP_SLOT
#define TAKEN R_AARCH64_GLOB_DAT
#define STORED R_AARCH64_ABS64
#endif

static int find_ours(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  return read_shown(info, data) && is_ours(data);
}

/* Threads that run this at the same time write the same. */
static void *own_function(const char *name) {
  static struct object own;
  static _Atomic bool known;
  if (!atomic_load_explicit(&known, memory_order_acquire)) {
    struct object found;
    if (!each_object(find_ours, &found)) return NULL;
    own = found;
    atomic_store_explicit(&known, true, memory_order_release);
  }
  return function_in(&own, name);
}

void *ours_before(const char *name, void *found) {
  void *own = found ? own_function(name) : NULL;
  return own && found != own && next_function(name) == found ? own : found;
}

/* An object's relocation tables, with an entry for each pointer that the loader sets. */
struct relocations {
  const ElfW(Rela) * all[2];
  size_t size[2];
};

static void read_relocations(const struct object *object, struct relocations *found) {
  *found = (struct relocations){0};
  for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL; entry++) {
    const void *there = pointed_at(object->base, entry->d_un.d_ptr);
    if (entry->d_tag == DT_RELA) found->all[0] = there;
    if (entry->d_tag == DT_RELASZ) found->size[0] = entry->d_un.d_val;
    if (entry->d_tag == DT_JMPREL) found->all[1] = there;
    if (entry->d_tag == DT_PLTRELSZ) found->size[1] = entry->d_un.d_val;
  }
}

static uintptr_t page_size(void) {
  unsigned long (*real)(unsigned long) = (unsigned long (*)(unsigned long))next_function("getauxval");
  uintptr_t size = real ? real(AT_PAGESZ) : 0;
  return size ? size : 4096;
}

/* Whether the loader has made the pointer read-only, which it does for whole pages. */
static bool is_protected(const struct dl_phdr_info *info, uintptr_t address, uintptr_t page) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_GNU_RELRO && address >= start && address < ((start + part->p_memsz) & ~(page - 1)))
      return true;
  }
  return false;
}

static void store(const struct dl_phdr_info *info, void **pointer, void *value) {
  uintptr_t page = page_size();
  uintptr_t start = (uintptr_t)pointer & ~(page - 1);
  bool closed = is_protected(info, (uintptr_t)pointer, page);
  if (closed && raw(SYS_mprotect, start, page, PROT_READ | PROT_WRITE) < 0) return;
  __atomic_store_n(pointer, value, __ATOMIC_RELEASE);
  if (closed) raw(SYS_mprotect, start, page, PROT_READ);
}

struct pass {
  int known;
  int seen;
  const char *wanted; /* the question of is_defined() */
};

static int defines(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct pass *pass = data;
  struct object object;
  return pass->seen++ >= pass->known && read_shown(info, &object) &&
         function_in(&object, pass->wanted) != NULL;
}

/* Whether one of the new objects defines the function, so that its neighbours find that one. */
static bool is_defined(int known, const char *name) {
  struct pass pass = {.known = known, .wanted = name};
  return each_object(defines, &pass) != 0;
}

static void rebind(const struct dl_phdr_info *info, const struct object *object, const ElfW(Rela) * entry,
                   int known) {
  unsigned kind = (unsigned)ELF64_R_TYPE(entry->r_info);
  const ElfW(Sym) *symbol = &object->symbols[ELF64_R_SYM(entry->r_info)];
  bool takes = kind == CALLED || kind == TAKEN || (kind == STORED && entry->r_addend == 0);
  if (!takes || ELF64_R_SYM(entry->r_info) == 0 || symbol->st_shndx != SHN_UNDEF) return;
  const char *name = object->strings + symbol->st_name;
  void *own = own_function(name);
  if (!own) return;
  void **pointer = (void **)(info->dlpi_addr + entry->r_offset);
  void *now = __atomic_load_n(pointer, __ATOMIC_ACQUIRE);
  bool lazy = kind == CALLED && lies_in(info, (uintptr_t)now) && !is_defined(known, name);
  if (lazy || (now && now == next_function(name))) store(info, pointer, own);
}

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct pass *pass = data;
  struct object object;
  struct relocations found;
  if (pass->seen++ < pass->known || !read_shown(info, &object) || is_ours(&object) || is_libc(&object))
    return 0;
  read_relocations(&object, &found);
  for (int table = 0; table < 2; table++)
    for (size_t i = 0; found.all[table] && i < found.size[table] / sizeof(ElfW(Rela)); i++)
      rebind(info, &object, &found.all[table][i], pass->known);
  return 0;
}

void rebind_from(int known) {
  struct pass pass = {.known = known};
  each_object(visit, &pass);
}

static int count(struct dl_phdr_info *info, size_t size, void *data) {
  (void)info, (void)size;
  ++*(int *)data;
  return 0;
}

int count_objects(void) {
  int objects = 0;
  each_object(count, &objects);
  return objects;
}
