/*
 * mkstemp() and its kin write into their template. The guest's template gets what libc made of the remapped
 * one.
 */
#include <fcntl.h>

#include "denied.h"
#include "libc.h"
#include "monitor.h"
#include "place.h"

/* Both paths have the same end: the six letters and the suffix are equally far from it. */
static void take_back(char *template, const char *there) {
  size_t length = strlen(template);
  size_t moved_length = strlen(there);
  size_t name = 0;
  while (name < length && name < moved_length && template[length - name - 1] != '/') name++;
  memcpy(template + length - name, there + moved_length - name, name);
}

/* `path` is the template or its real path. Functions that return a template return the guest's own. */
#define TEMPORARY(type, name, failed, answer, parameters, arguments, ...) \
  static type real_##name parameters {                                    \
    type (*real)(__VA_ARGS__) = LIBC(__typeof__(real), name);             \
    if (!real) return fail(ENOSYS), failed;                               \
    return real arguments;                                                \
  }                                                                       \
  __attribute__((noinline)) static type moved_##name parameters {         \
    SHORT_PLACE(place);                                                   \
    char *template = path;                                                \
    if (!find_place(AT_FDCWD, path, &place)) return failed;               \
    path = place.path == template ? template : place.text;                \
    type result = real_##name arguments;                                  \
    if (result != failed && path != template) take_back(template, path);  \
    leave_place(&place);                                                  \
    return result == failed ? failed : (answer);                          \
  }                                                                       \
  static type on_##name parameters {                                      \
    if (is_remapped(AT_FDCWD, path)) return moved_##name arguments;       \
    type result = real_##name arguments;                                  \
    if (result == failed) note_denied(AT_FDCWD, path, last_error());      \
    return result;                                                        \
  }

TEMPORARY(int, mkstemp, -1, result, (char *path), (path), char *)
TEMPORARY(int, mkostemp, -1, result, (char *path, int flags), (path, flags), char *, int)
TEMPORARY(int, mkstemps, -1, result, (char *path, int suffix), (path, suffix), char *, int)
TEMPORARY(int, mkostemps, -1, result, (char *path, int suffix, int flags), (path, suffix, flags), char *, int,
          int)
TEMPORARY(char *, mkdtemp, NULL, template, (char *path), (path), char *)

EXPORT int mkstemp(char *path) { return on_mkstemp(path); }
EXPORT int mkstemp64(char *path) { return on_mkstemp(path); }
EXPORT int mkostemp(char *path, int flags) { return on_mkostemp(path, flags); }
EXPORT int mkostemp64(char *path, int flags) { return on_mkostemp(path, flags); }
EXPORT int mkstemps(char *path, int suffix) { return on_mkstemps(path, suffix); }
EXPORT int mkstemps64(char *path, int suffix) { return on_mkstemps(path, suffix); }
EXPORT int mkostemps(char *path, int suffix, int flags) { return on_mkostemps(path, suffix, flags); }
EXPORT int mkostemps64(char *path, int suffix, int flags) { return on_mkostemps(path, suffix, flags); }
EXPORT char *mkdtemp(char *path) { return on_mkdtemp(path); }

/* mktemp() returns the template in any case; an empty one means failure. */
__attribute__((noinline)) static char *moved_mktemp(char *template, char *(*real)(char *)) {
  SHORT_PLACE(place);
  if (!find_place(AT_FDCWD, template, &place)) return *template = 0, template;
  if (place.path == template)
    real(template);
  else if (*real(place.text))
    take_back(template, place.text);
  else
    *template = 0;
  leave_place(&place);
  return template;
}

EXPORT char *mktemp(char *template) {
  char *(*real)(char *) = LIBC(char *(*)(char *), mktemp);
  if (real) return is_remapped(AT_FDCWD, template) ? moved_mktemp(template, real) : real(template);
  if (template) *template = 0;
  return template;
}
