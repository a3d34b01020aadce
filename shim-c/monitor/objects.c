/* Finds symbols of loaded objects: in PT_DYNAMIC, then the GNU or the classic hash table. */
#define _GNU_SOURCE
#include "objects.h"

#include "text.h"

const void *pointed_at(uintptr_t base, uintptr_t pointer) {
  return (const void *)(pointer < base ? base + pointer : pointer);
}

bool read_object(uintptr_t base, const ElfW(Dyn) * dynamic, struct object *object) {
  *object = (struct object){.base = base, .dynamic = dynamic};
  if (!dynamic) return false;
  for (const ElfW(Dyn) *entry = dynamic; entry->d_tag != DT_NULL; entry++) {
    const void *there = pointed_at(base, entry->d_un.d_ptr);
    if (entry->d_tag == DT_SYMTAB) object->symbols = there;
    if (entry->d_tag == DT_STRTAB) object->strings = there;
    if (entry->d_tag == DT_GNU_HASH) object->gnu_hash = there;
    if (entry->d_tag == DT_HASH) object->hash = there;
    if (entry->d_tag == DT_VERSYM) object->versions = there;
  }
  return object->symbols && object->strings;
}

bool read_shown(const struct dl_phdr_info *info, struct object *object) {
  const ElfW(Dyn) *dynamic = NULL;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  return read_object(info->dlpi_addr, dynamic, object);
}

static bool same(const char *left, const char *right) {
  while (*left && *left == *right) left++, right++;
  return *left == *right;
}

/* Returns a definition of this name in its default version (the other versions have bit 15 set). */
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

void *function_in(const struct object *object, const char *name) {
  if (object->gnu_hash) return find_gnu(object, name);
  return object->hash ? find_classic(object, name) : NULL;
}

bool lies_in(const struct dl_phdr_info *info, uintptr_t address) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    uintptr_t start = info->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_LOAD && address >= start && address < start + part->p_memsz) return true;
  }
  return false;
}

static const char *own_name(const struct object *object) {
  for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_SONAME) return object->strings + entry->d_un.d_val;
  return "";
}

bool is_libc(const struct object *object) {
  static const char *const parts[] = {"libpthread.so.", "libdl.so.", "librt.so.", "libresolv.so.",
                                      "ld-linux"};
  if (function_in(object, "__libc_start_main") && function_in(object, "__errno_location")) return true;
  const char *name = own_name(object);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (starts_with(name, parts[i])) return true;
  return false;
}

bool is_ours(const struct object *object) { return object->dynamic == _DYNAMIC; }
