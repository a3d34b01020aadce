/*
 * Finds the functions that the monitor's own ones stand in front of. What is loaded when the program starts
 * is never unloaded, so it is noted then, and searched without the loader's lock from there on: a child of
 * fork() or vfork() must not wait for a lock that another thread held. The objects are noted without
 * dl_iterate_phdr(): the thread sanitizer intercepts that function and crashes before it has found libc's.
 */
#define _GNU_SOURCE
#include "libc.h"

#include <stdatomic.h>

#include "monitor.h"
#include "objects.h"

#define LIBC_NAME(name) #name,
static const char *const names[] = {LIBC_FUNCTIONS(LIBC_NAME)};
static void *_Atomic found[LIBC_COUNT];
static void *_Atomic hooks[LIBC_COUNT];
static char nowhere;

#define NOTED 96
static struct noted {
  struct object object;
  bool libc;
} noted[NOTED];
static _Atomic int noted_count;

struct search {
  const char *name;
  void *result;
  bool libc;
  bool behind_us; /* the monitor's own object has been passed */
  bool anywhere;  /* second attempt: a libc in front of the monitor is accepted, too */
};

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct search *search = data;
  struct object object;
  if (!read_shown(info, &object)) return 0;
  if (is_ours(&object)) search->behind_us = true;
  if (is_ours(&object) || !(search->behind_us || search->anywhere)) return 0;
  void *there = function_in(&object, search->name);
  bool libc = there && is_libc(&object);
  /* A library in front of the monitor calls the monitor: calling that library would never end. */
  if (!there || (search->anywhere && !libc)) return 0;
  search->result = there;
  search->libc = libc;
  return 1;
}

/* The loader's list of objects, which debuggers read: glibc's, and musl's. */
extern struct r_debug _r_debug __attribute__((weak));
extern struct r_debug *_dl_debug_addr __attribute__((weak));

static void note_all(void) {
  const struct r_debug *loader = &_r_debug ? &_r_debug : &_dl_debug_addr ? _dl_debug_addr : NULL;
  struct object object;
  bool behind_us = false;
  int count = 0;
  for (const struct link_map *entry = loader ? loader->r_map : NULL; entry && count < NOTED;
       entry = entry->l_next) {
    if (!read_object(entry->l_addr, entry->l_ld, &object)) continue;
    if (behind_us) noted[count++] = (struct noted){.object = object, .libc = is_libc(&object)};
    behind_us = behind_us || is_ours(&object);
  }
  atomic_store_explicit(&noted_count, count, memory_order_release);
}

/*
 * The first caller notes the objects: the constructor below, or that of another library. All callers write
 * the same.
 */
static int noted_objects(void) {
  int count = atomic_load_explicit(&noted_count, memory_order_acquire);
  if (count == 0) note_all();
  return atomic_load_explicit(&noted_count, memory_order_acquire);
}

static bool find_noted(struct search *search) {
  int count = noted_objects();
  for (int i = 0; i < count && !search->result; i++) {
    search->result = function_in(&noted[i].object, search->name);
    search->libc = noted[i].libc;
  }
  return search->result != NULL;
}

int each_object(object_visitor *visitor, void *data) {
  struct search search = {.name = "dl_iterate_phdr"};
  int (*real)(object_visitor *, void *) =
      find_noted(&search) && search.libc ? (int (*)(object_visitor *, void *))search.result : dl_iterate_phdr;
  return real(visitor, data);
}

/* Objects that were loaded later are searched, too: libresolv, for one, with an extension of Python's. */
static void find(struct search *search) {
  if (find_noted(search)) return;
  each_object(visit, search);
  if (search->result) return;
  search->anywhere = true;
  each_object(visit, search);
}

void *libc_function(enum libc_function which) {
  void *known = atomic_load_explicit(&found[which], memory_order_relaxed);
  if (!known) {
    struct search search = {.name = names[which]};
    find(&search);
    known = search.result ? search.result : &nowhere;
    atomic_store_explicit(&found[which], known, memory_order_relaxed);
  }
  return known == &nowhere ? NULL : known;
}

/*
 * Does not search what was loaded later: that would take the loader's lock wherever this libc lacks the
 * function.
 */
void *hook_behind(enum libc_function which) {
  void *known = atomic_load_explicit(&hooks[which], memory_order_relaxed);
  if (!known) {
    struct search search = {.name = names[which]};
    known = find_noted(&search) && !search.libc ? search.result : &nowhere;
    atomic_store_explicit(&hooks[which], known, memory_order_relaxed);
  }
  return known == &nowhere ? NULL : known;
}

long next_call(enum libc_function which, long number, long a, long b, long c, long d, long e, long f) {
  int (*hook)(long, long, long, long, long, long) = hook_behind(which);
  if (!hook) return raw6(number, a, b, c, d, e, f);
  int result = hook(a, b, c, d, e, f);
  return result < 0 ? -last_error() : result;
}

void *next_function(const char *name) {
  struct search search = {.name = name};
  find(&search);
  return search.result;
}

__attribute__((constructor)) static void note_early(void) { noted_objects(); }
