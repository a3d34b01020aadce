/* The calls that return paths (the working directory, realpath()) use the paths that the guest knows. */
#include "visible.h"

#include <limits.h>

#include "claim.h"
#include "config.h"
#include "monitor.h"
#include "path-call.h"
#include "place.h"
#include "rules.h"
#include "shown.h"

/* A string that the guest may free(): it is made by libc's allocator, or by the one that replaces it. */
static char *copy(const char *text) {
  char *(*real)(const char *) = LIBC(char *(*)(const char *), strdup);
  return real ? real(text) : NULL;
}

/*
 * Rewrites the working directory in the guest's memory, which the kernel has written to already. `size` is
 * the room that the guest says there is. Returns 0, or -errno.
 */
static long show_in(char *to, size_t size, size_t length, const struct shown *shown) {
  if (shown->length >= size) return -ERANGE;
  if (shown->length > length) return show_out(to, shown->length + 1, to, length, shown);
  show(to, length, shown);
  return 0;
}

/* The kernel's path may be too long for the guest's room where the visible one fits. */
static long shorter_directory(char *to, size_t size) {
  char *text = claim(REMAP_ROOM, HERE);
  if (!text) return -ENOMEM;
  struct shown shown;
  long length = raw(SYS_getcwd, text, REMAP_ROOM) - 1;
  bool fits = length > 0 && find_shown(text, (size_t)length, &shown) && shown.length < size;
  long result = fits ? show_out(to, shown.length + 1, text, (size_t)length, &shown) : -ERANGE;
  unclaim(text);
  return result < 0 ? result : (long)shown.length + 1;
}

long on_getcwd(char *to, size_t size) {
  long result = raw(SYS_getcwd, to, size);
  struct shown shown;
  if (!remap_value()) return returned(result);
  if (result == -ERANGE) return returned(shorter_directory(to, size));
  if (result <= 0 || !find_shown(to, (size_t)result - 1, &shown)) return returned(result);
  long error = show_in(to, size, (size_t)result - 1, &shown);
  return returned(error < 0 ? error : (long)shown.length + 1);
}

/*
 * Returns the working directory's visible path, or NULL where that is the kernel's. Valid until
 * leave_place().
 */
static const char *shown_directory(struct place *place) {
  struct shown shown;
  long size = raw(SYS_getcwd, place->text, place->short_room);
  if (size > 0 && !find_shown(place->text, (size_t)size - 1, &shown)) return NULL;
  if (size == -ERANGE || (size > 0 && shown.length >= place->short_room)) {
    char *longer = claim(2 * REMAP_ROOM, place);
    if (!longer) return NULL;
    place->text = longer;
    size = raw(SYS_getcwd, longer, REMAP_ROOM);
  }
  if (size <= 0 || !find_shown(place->text, (size_t)size - 1, &shown)) return NULL;
  show(place->text, (size_t)size - 1, &shown);
  return place->text;
}

typedef char *getcwd_function(char *, size_t);

/* glibc allocates as much room as was asked for. */
static char *directory_in(const char *found, size_t size, getcwd_function *real) {
  size_t length = strlen(found) + 1;
  if (size > 0 && length > size) return fail(ERANGE), NULL;
  char *roomy = size > 0 && real ? real(NULL, size) : NULL;
  return roomy && strlen(roomy) >= length - 1 ? memcpy(roomy, found, length) : copy(found);
}

/* False: the guest sees the kernel's path. */
__attribute__((noinline)) static bool allocated_directory(size_t size, getcwd_function *real, char **result) {
  SHORT_PLACE(place);
  const char *found = shown_directory(&place);
  if (found) *result = directory_in(found, size, real);
  leave_place(&place);
  return found;
}

EXPORT char *getcwd(char *to, size_t size) {
  getcwd_function *real = LIBC(getcwd_function *, getcwd);
  char *result;
  bool ours = remap_value() && (to || allocated_directory(size, real, &result));
  if (!ours) return real ? real(to, size) : (fail(ENOSYS), NULL);
  if (!to) return result;
  if (size == 0) return fail(EINVAL), NULL;
  return on_getcwd(to, size) < 0 ? NULL : to;
}

EXPORT char *getwd(char *to) { return to ? getcwd(to, PATH_MAX) : (fail(EINVAL), NULL); }

EXPORT char *get_current_dir_name(void) {
  char *result;
  if (remap_value() && allocated_directory(0, NULL, &result)) return result;
  char *(*real)(void) = LIBC(char *(*)(void), get_current_dir_name);
  return real ? real() : NULL;
}

/* Copies a visible path that is longer than the real one. */
static char *copy_shown(const char *path, size_t length, const struct shown *shown) {
  char *text = claim(2 * REMAP_ROOM, HERE);
  if (!text) return fail(ENOMEM), NULL;
  memcpy(text, path, length);
  show(text, length, shown);
  char *result = copy(text);
  unclaim(text);
  return result;
}

/*
 * Rewrites what realpath() found to its visible path: in the guest's buffer, which has PATH_MAX bytes, or in
 * newly allocated memory.
 */
static char *seen(char *found, char *to) {
  struct shown shown;
  size_t length = found ? strlen(found) : 0;
  if (!find_shown(found, length, &shown)) return found;
  if (!to && shown.length > length) return copy_shown(found, length, &shown);
  if (shown.length < PATH_MAX) show(found, length, &shown);
  return found;
}

DEEP_PATH_CALL(char *, realpath, NULL, (const char *path, char *to), (path, to), const char *, char *)
DEEP_PATH_CALL(char *, __realpath_chk, NULL, (const char *path, char *to, size_t size), (path, to, size),
               const char *, char *, size_t)

EXPORT char *realpath(const char *path, char *to) { return seen(on_realpath(path, to), to); }
EXPORT char *__realpath_chk(const char *path, char *to, size_t size) {
  return seen(on___realpath_chk(path, to, size), to);
}
EXPORT char *canonicalize_file_name(const char *path) { return realpath(path, NULL); }
