/* Symbol lookup over the loaded objects: PT_DYNAMIC, then the GNU or the classic hash table. */
#define _GNU_SOURCE
#include "libc.h"

#include <elf.h>
#include <link.h>
#include <stdatomic.h>

#include "monitor.h"

#define LIBC_NAME(name) #name,
static const char *const names[] = {LIBC_FUNCTIONS(LIBC_NAME)};
static void *_Atomic found[LIBC_COUNT];
static char nowhere;

struct object {
  uintptr_t base;
  const ElfW(Sym) * symbols;
  const char *strings;
  const uint32_t *gnu_hash;
  const uint32_t *hash;
  const uint16_t *versions;
};

struct search {
  const char *name;
  void *result;
  bool behind_us; /* our own object has been passed */
  bool anywhere;  /* second attempt: in front of us will do */
};

/* glibc adds the base to these pointers when it loads an object, musl does not. */
static const void *at(uintptr_t base, uintptr_t pointer) { return (const void *)(pointer < base ? base + pointer : pointer); }

static bool read_object(struct dl_phdr_info *info, struct object *object) {
  const ElfW(Dyn) *entry = NULL;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  if (!entry) return false;
  *object = (struct object){.base = info->dlpi_addr};
  for (; entry->d_tag != DT_NULL; entry++) {
    const void *there = at(object->base, entry->d_un.d_ptr);
    if (entry->d_tag == DT_SYMTAB) object->symbols = there;
    if (entry->d_tag == DT_STRTAB) object->strings = there;
    if (entry->d_tag == DT_GNU_HASH) object->gnu_hash = there;
    if (entry->d_tag == DT_HASH) object->hash = there;
    if (entry->d_tag == DT_VERSYM) object->versions = there;
  }
  return object->symbols && object->strings;
}

static bool same(const char *left, const char *right) {
  while (*left && *left == *right) left++, right++;
  return *left == *right;
}

/* A definition of this name, and the default one of its versions (the others have bit 15 set). */
static void *defined(const struct object *object, uint32_t index, const char *name) {
  const ElfW(Sym) *symbol = &object->symbols[index];
  if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0) return NULL;
  if ((symbol->st_info & 15) != STT_FUNC) return NULL;
  if (object->versions && (object->versions[index] & 0x8000)) return NULL;
  return same(object->strings + symbol->st_name, name) ? (void *)(object->base + symbol->st_value) : NULL;
}

static void *find_gnu(const struct object *object, const char *name) {
  uint32_t hash = 5381;
  for (const char *next = name; *next; next++) hash = hash * 33 + (uint8_t)*next;
  const uint32_t *table = object->gnu_hash;
  uint32_t bucket_count = table[0];
  uint32_t first = table[1];
  uint32_t bloom_words = table[2];
  if (bucket_count == 0) return NULL;
  const uint32_t *buckets = table + 4 + bloom_words * (sizeof(uintptr_t) / sizeof(uint32_t));
  const uint32_t *chain = buckets + bucket_count;
  uint32_t index = buckets[hash % bucket_count];
  if (index < first) return NULL;
  for (;; index++) {
    uint32_t entry = chain[index - first];
    void *result = (entry | 1) == (hash | 1) ? defined(object, index, name) : NULL;
    if (result || (entry & 1)) return result;
  }
}

static void *find_classic(const struct object *object, const char *name) {
  uint32_t hash = 0;
  for (const char *next = name; *next; next++) {
    hash = (hash << 4) + (uint8_t)*next;
    uint32_t high = hash & 0xf0000000;
    hash = (hash ^ high >> 24) & ~high;
  }
  const uint32_t *buckets = object->hash + 2;
  const uint32_t *chain = buckets + object->hash[0];
  if (object->hash[0] == 0) return NULL;
  for (uint32_t index = buckets[hash % object->hash[0]]; index; index = chain[index]) {
    void *result = defined(object, index, name);
    if (result) return result;
  }
  return NULL;
}

static bool is_ours(struct dl_phdr_info *info) {
  uintptr_t here = (uintptr_t)&nowhere;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_LOAD && here >= start && here < start + part->p_memsz) return true;
  }
  return false;
}

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct search *search = data;
  struct object object;
  if (is_ours(info)) {
    search->behind_us = true;
    return 0;
  }
  if (!(search->behind_us || search->anywhere) || !read_object(info, &object)) return 0;
  if (object.gnu_hash)
    search->result = find_gnu(&object, search->name);
  else if (object.hash)
    search->result = find_classic(&object, search->name);
  return search->result != NULL;
}

void *libc_function(enum libc_function which) {
  void *known = atomic_load_explicit(&found[which], memory_order_relaxed);
  if (!known) {
    struct search search = {.name = names[which]};
    dl_iterate_phdr(visit, &search);
    if (!search.result) {
      search.anywhere = true;
      dl_iterate_phdr(visit, &search);
    }
    known = search.result ? search.result : &nowhere;
    atomic_store_explicit(&found[which], known, memory_order_relaxed);
  }
  return known == &nowhere ? NULL : known;
}

/* Before there are threads: a child of fork() or vfork() must not wait for the loader's lock that another thread held. */
__attribute__((constructor)) static void find_early(void) {
  static const enum libc_function early[] = {LIBC_connect, LIBC_accept4, LIBC_fcntl, LIBC_open, LIBC_openat, LIBC_execvpe, LIBC_posix_spawn, LIBC_posix_spawnp, LIBC_sendto, LIBC_sendmsg, LIBC_recvfrom, LIBC_recvmsg, LIBC_getcwd};
  for (size_t i = 0; i < sizeof early / sizeof *early; i++) libc_function(early[i]);
}
