/* dlopen() of a remapped path. For a bare name the loader goes by who calls (its RUNPATH), so that has to be the guest: a jump, no call. */
#include "libc.h"
#include "monitor.h"

typedef void *dlopen_function(const char *, int);

__attribute__((noinline)) static void *open_absolute(dlopen_function *real, const char *path, int flags) {
  char room[REMAP_ROOM];
  const char *there = remapped(path, room);
  return there ? real(there, flags) : NULL;
}

EXPORT void *dlopen(const char *path, int flags) {
  dlopen_function *real = LIBC(dlopen_function *, dlopen);
  if (!real) return NULL;
  if (path && *path == '/' && remap_value()) return open_absolute(real, path, flags);
  return real(path, flags);
}
