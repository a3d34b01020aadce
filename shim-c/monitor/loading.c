/*
 * dlopen() and dlsym(). For a bare name, and for RTLD_NEXT, the loader's answer depends on the caller. So the
 * call has to come from the guest: it is a jump here.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "config.h"
#include "libc.h"
#include "monitor.h"
#include "objects.h"
#include "place.h"
#include "rebind.h"

#define BIND_DEEP 8               /* RTLD_DEEPBIND; musl has none, and ignores it */
#define NEXT_OBJECT ((void *)-1l) /* RTLD_NEXT */
#define ANY_OBJECT ((void *)0)    /* RTLD_DEFAULT */

typedef void *dlopen_function(const char *, int);
typedef void *dlsym_function(void *, const char *);
typedef void *dlvsym_function(void *, const char *, const char *);

__attribute__((noinline)) static void *open_moved(dlopen_function *real, const char *path, int flags) {
  CLAIMED_PLACE(place);
  if (!find_place(AT_FDCWD, path, &place)) return NULL;
  void *opened = real(place.path, flags);
  leave_place(&place);
  return opened;
}

struct caller {
  uintptr_t address;
  bool has_folders; /* the caller has folders in which the loader looks for bare names */
};

static int find_caller(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct caller *caller = data;
  struct object object;
  if (!lies_in(info, caller->address)) return 0;
  read_shown(info, &object);
  for (const ElfW(Dyn) *entry = object.dynamic; entry && entry->d_tag != DT_NULL; entry++)
    if (entry->d_tag == DT_RUNPATH || entry->d_tag == DT_RPATH) caller->has_folders = true;
  return 1;
}

/*
 * Whether the loader's answer depends on the caller: for bare names where the caller has folders of its own,
 * and for $ORIGIN.
 */
__attribute__((noinline)) static bool goes_by_caller(const char *path, void *address) {
  bool bare = true;
  for (const char *letter = path; *letter; letter++) {
    if (*letter == '$') return true;
    if (*letter == '/') bare = false;
  }
  struct caller caller = {.address = (uintptr_t)address};
  if (bare) each_object(find_caller, &caller);
  return caller.has_folders;
}

__attribute__((noinline)) static void *open_deeply(dlopen_function *real, const char *path, int flags) {
  int known = count_objects();
  void *opened =
      *path == '/' && is_remapped(AT_FDCWD, path) ? open_moved(real, path, flags) : real(path, flags);
  if (opened) rebind_from(known);
  return opened;
}

EXPORT void *dlopen(const char *path, int flags) {
  dlopen_function *real = LIBC(dlopen_function *, dlopen);
  if (!real) return NULL;
  if (path && (flags & BIND_DEEP) && any_config()) {
    if (!goes_by_caller(path, __builtin_return_address(0))) return open_deeply(real, path, flags);
    /* An object that is found by the caller's folders finds the monitor only in the usual search order. */
    flags &= ~BIND_DEEP;
  }
  if (path && *path == '/' && is_remapped(AT_FDCWD, path)) return open_moved(real, path, flags);
  return real(path, flags);
}

static bool is_handle(void *object) { return object != NEXT_OBJECT && object != ANY_OBJECT && any_config(); }

/*
 * A function of libc that is looked up by a handle of libc, or of a library that needs it, is the monitor's:
 * as if the guest had called it by name.
 */
__attribute__((noinline)) static void *find_in(dlsym_function *real, void *object, const char *name) {
  return ours_before(name, real(object, name));
}

EXPORT void *dlsym(void *object, const char *name) {
  dlsym_function *real = LIBC(dlsym_function *, dlsym);
  if (!real) return NULL;
  return is_handle(object) ? find_in(real, object, name) : real(object, name);
}

__attribute__((noinline)) static void *find_version_in(dlvsym_function *real, void *object, const char *name,
                                                       const char *version) {
  return ours_before(name, real(object, name, version));
}

EXPORT void *dlvsym(void *object, const char *name, const char *version) {
  dlvsym_function *real = LIBC(dlvsym_function *, dlvsym);
  if (!real) return NULL;
  return is_handle(object) ? find_version_in(real, object, name, version) : real(object, name, version);
}
