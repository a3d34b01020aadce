/* glob(), nftw() and fts_open() below a remapped folder: libc walks there without a call that could be seen. */
#include <alloca.h>
#include <glob.h>

#include "libc.h"
#include "monitor.h"

typedef int error_function(const char *, int);
typedef int glob_function(const char *, int, error_function *, glob_t *);

/*
 * The names of what was found are libc's to free. A visible one takes the place of one that is as long at least; a longer one is a string of
 * its own in glibc, which frees them one by one (the old one is lost), and cannot be had in musl, where they are parts of other memory.
 */
static void rename_found(glob_t *found, size_t from, size_t to) {
  char room[REMAP_ROOM];
  char *(*copy)(const char *) = LIBC(void *, gnu_get_libc_version) ? LIBC(char *(*)(const char *), strdup) : NULL;
  for (size_t i = from; i < to; i++) {
    char *name = found->gl_pathv[i];
    const char *seen = visible(name, room);
    size_t size = strlen(seen) + 1;
    if (seen == name) continue;
    char *longer = size > strlen(name) + 1 && copy ? copy(seen) : NULL;
    if (longer)
      found->gl_pathv[i] = longer;
    else if (size <= strlen(name) + 1)
      memcpy(name, seen, size);
  }
}

static int on_glob(const char *pattern, int flags, error_function *failed, glob_t *found) {
  glob_function *real = LIBC(glob_function *, glob);
  if (!real) return GLOB_NOSYS;
  char room[REMAP_ROOM];
  const char *there = pattern && *pattern == '/' ? remapped(pattern, room) : pattern;
  if (there == pattern || !there) return real(pattern, flags, failed, found);
  size_t before = flags & GLOB_APPEND ? found->gl_pathc : 0;
  int result = real(there, flags, failed, found);
  size_t reserved = flags & GLOB_DOOFFS ? found->gl_offs : 0;
  if (result == 0) rename_found(found, reserved + before, reserved + found->gl_pathc);
  return result;
}

EXPORT int boxer_glob(const char *, int, error_function *, glob_t *) __asm__("glob");
EXPORT int boxer_glob(const char *pattern, int flags, error_function *failed, glob_t *found) {
  return on_glob(pattern, flags, failed, found);
}
EXPORT int boxer_glob64(const char *, int, error_function *, glob_t *) __asm__("glob64");
EXPORT int boxer_glob64(const char *pattern, int flags, error_function *failed, glob_t *found) {
  return on_glob(pattern, flags, failed, found);
}

/* The guest is told the places where the files stand: they are as good as the names that it knows. */
#define WALK(name, parameters, arguments, ...)                                  \
  EXPORT int name parameters {                                                  \
    char room[REMAP_ROOM];                                                      \
    const char *there = remapped(path, room);                                   \
    if (path && !there) return -1;                                              \
    int (*real)(__VA_ARGS__) = LIBC(int (*)(__VA_ARGS__), name);                \
    return real ? real arguments : fail(ENOSYS);                                \
  }
WALK(ftw, (const char *path, void *visit, int descriptors), (there, visit, descriptors), const char *, void *, int)
WALK(ftw64, (const char *path, void *visit, int descriptors), (there, visit, descriptors), const char *, void *, int)
WALK(nftw, (const char *path, void *visit, int descriptors, int flags), (there, visit, descriptors, flags), const char *, void *, int, int)
WALK(nftw64, (const char *path, void *visit, int descriptors, int flags), (there, visit, descriptors, flags), const char *, void *, int, int)

/* Several beginnings, of which any may be moved. What comes back is libc's own copy. */
#define BEGINNINGS 1024
#define TEXT_ROOM (4 * REMAP_ROOM)
typedef void *fts_function(char *const *, int, void *);

static void *on_fts_open(fts_function *real, char *const *paths, int options, void *compare) {
  char text[TEXT_ROOM];
  char room[REMAP_ROOM];
  size_t count = 0;
  size_t used = 0;
  if (!real) return fail(ENOSYS), NULL;
  while (paths && paths[count] && remap_value()) count++;
  if (count == 0 || count > BEGINNINGS) return real(paths, options, compare);
  const char **there = alloca((count + 1) * sizeof *there);
  there[count] = NULL;
  for (size_t i = 0; i < count; i++) {
    there[i] = remapped(paths[i], room);
    if (!there[i]) return NULL;
    if (there[i] != room) continue;
    size_t size = strlen(room) + 1;
    if (size > sizeof text - used) return fail(ENAMETOOLONG), NULL;
    there[i] = memcpy(text + used, room, size);
    used += size;
  }
  return real((char *const *)there, options, compare);
}

EXPORT void *fts_open(char *const *paths, int options, void *compare) {
  return on_fts_open(LIBC(fts_function *, fts_open), paths, options, compare);
}
EXPORT void *fts64_open(char *const *paths, int options, void *compare) {
  return on_fts_open(LIBC(fts_function *, fts64_open), paths, options, compare);
}
