/* dlopen() of a remapped path. For a bare name the loader goes by who calls (its RUNPATH), so that has to be the guest: a jump, no call. */
#include "libc.h"
#include "place.h"

#include <fcntl.h>

typedef void *dlopen_function(const char *, int);

__attribute__((noinline)) static void *open_moved(dlopen_function *real, const char *path, int flags) {
  CLAIMED_PLACE(place);
  if (!find_place(AT_FDCWD, path, &place)) return NULL;
  void *opened = real(place.path, flags);
  leave_place(&place);
  return opened;
}

EXPORT void *dlopen(const char *path, int flags) {
  dlopen_function *real = LIBC(dlopen_function *, dlopen);
  if (!real) return NULL;
  if (path && *path == '/' && !stays(AT_FDCWD, path)) return open_moved(real, path, flags);
  return real(path, flags);
}
