/*
 * glob(), nftw() and fts_open() below a remapped folder: libc walks there without a call that the monitor
 * could intercept.
 */
#include <glob.h>

#include "claim.h"
#include "config.h"
#include "monitor.h"
#include "path-call.h"
#include "place.h"
#include "rules.h"
#include "shown.h"

typedef int error_function(const char *, int);

/*
 * Returns a string in libc's memory; NULL in musl, where the paths that glob() finds are parts of other
 * memory.
 */
static char *longer_name(const char *name, size_t length, const struct shown *shown) {
  char *(*copy)(const char *) =
      LIBC(void *, gnu_get_libc_version) ? LIBC(char *(*)(const char *), strdup) : NULL;
  char *text = copy ? claim(2 * REMAP_ROOM, HERE) : NULL;
  if (!text) return NULL;
  memcpy(text, name, length);
  show(text, length, shown);
  char *result = copy(text);
  unclaim(text);
  return result;
}

/*
 * libc frees the paths that it found. A visible path overwrites a real one that is at least as long. A longer
 * one becomes a string of its own in glibc, which frees paths one by one (the old string is lost); in musl
 * the real path stays.
 */
static void rename_found(glob_t *found, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    char *name = found->gl_pathv[i];
    size_t length = strlen(name);
    struct shown shown;
    if (!find_shown(name, length, &shown)) continue;
    char *longer = shown.length > length ? longer_name(name, length, &shown) : NULL;
    if (longer)
      found->gl_pathv[i] = longer;
    else if (shown.length <= length)
      show(name, length, &shown);
  }
}

DEEP_PATH_CALL(int, glob, GLOB_NOSPACE, (const char *path, int flags, error_function *failed, glob_t *found),
               (path, flags, failed, found), const char *, int, error_function *, glob_t *)

static int find_names(const char *pattern, int flags, error_function *failed, glob_t *found) {
  if (!pattern || *pattern != '/' || !is_remapped(AT_FDCWD, pattern))
    return real_glob(pattern, flags, failed, found);
  size_t before = flags & GLOB_APPEND ? found->gl_pathc : 0;
  int result = on_glob(pattern, flags, failed, found);
  size_t reserved = flags & GLOB_DOOFFS ? found->gl_offs : 0;
  if (result == 0) rename_found(found, reserved + before, reserved + found->gl_pathc);
  return result;
}

EXPORT int boxer_glob(const char *, int, error_function *, glob_t *) __asm__("glob");
EXPORT int boxer_glob(const char *pattern, int flags, error_function *failed, glob_t *found) {
  return find_names(pattern, flags, failed, found);
}
EXPORT int boxer_glob64(const char *, int, error_function *, glob_t *) __asm__("glob64");
EXPORT int boxer_glob64(const char *pattern, int flags, error_function *failed, glob_t *found) {
  return find_names(pattern, flags, failed, found);
}

/* The guest is told the real paths, which work as well as the visible ones. */
#define WALK(name, parameters, arguments, ...)                      \
  DEEP_PATH_CALL(int, name, -1, parameters, arguments, __VA_ARGS__) \
  EXPORT int name parameters { return on_##name arguments; }
WALK(ftw, (const char *path, void *visit, int descriptors), (path, visit, descriptors), const char *, void *,
     int)
WALK(ftw64, (const char *path, void *visit, int descriptors), (path, visit, descriptors), const char *,
     void *, int)
WALK(nftw, (const char *path, void *visit, int descriptors, int flags), (path, visit, descriptors, flags),
     const char *, void *, int, int)
WALK(nftw64, (const char *path, void *visit, int descriptors, int flags), (path, visit, descriptors, flags),
     const char *, void *, int, int)

/* fts_open() takes several paths, of which any may be remapped. What it returns is libc's own copy. */
#define BEGINNINGS 1024
#define TEXT_ROOM (4 * REMAP_ROOM)
typedef void *fts_function(char *const *, int, void *);

struct beginnings {
  const char *paths[BEGINNINGS + 1];
  char text[TEXT_ROOM];
  size_t used;
};

/* False: errno says why. */
static bool add(struct beginnings *all, size_t index, const char *path) {
  CLAIMED_PLACE(place);
  if (!find_place(AT_FDCWD, path, &place)) return false;
  all->paths[index] = path;
  if (place.path != path) {
    size_t size = strlen(place.path) + 1;
    bool fits = size <= sizeof all->text - all->used;
    if (fits) all->paths[index] = memcpy(all->text + all->used, place.path, size);
    leave_place(&place);
    all->used += size;
    return fits || (fail(ENAMETOOLONG), false);
  }
  leave_place(&place);
  return true;
}

static void *open_moved(fts_function *real, char *const *paths, size_t count, int options, void *compare) {
  struct beginnings *all = claim(sizeof *all, HERE);
  if (!all) return fail(ENOMEM), NULL;
  bool good = true;
  for (size_t i = 0; i < count && good; i++) good = add(all, i, paths[i]);
  void *opened = good ? real((char *const *)all->paths, options, compare) : NULL;
  unclaim(all);
  return opened;
}

static void *on_fts_open(fts_function *real, char *const *paths, int options, void *compare) {
  size_t count = 0;
  bool any = false;
  if (!real) return fail(ENOSYS), NULL;
  while (paths && paths[count] && remap_value()) any = is_remapped(AT_FDCWD, paths[count++]) || any;
  return any && count <= BEGINNINGS ? open_moved(real, paths, count, options, compare)
                                    : real(paths, options, compare);
}

EXPORT void *fts_open(char *const *paths, int options, void *compare) {
  return on_fts_open(LIBC(fts_function *, fts_open), paths, options, compare);
}
EXPORT void *fts64_open(char *const *paths, int options, void *compare) {
  return on_fts_open(LIBC(fts_function *, fts64_open), paths, options, compare);
}
