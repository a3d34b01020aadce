/* mkstemp() and its kin write into the template that they are given: the guest's gets what libc made of the remapped one. */
#include "libc.h"
#include "monitor.h"

/* Both end alike: the six letters and the suffix stand at the same distance from the end. */
static void take_back(char *template, const char *there) {
  size_t length = strlen(template);
  size_t moved_length = strlen(there);
  size_t name = 0;
  while (name < length && name < moved_length && template[length - name - 1] != '/') name++;
  memcpy(template + length - name, there + moved_length - name, name);
}

#define TEMPORARY(type, name, real_name, failed, parameters, arguments, ...)                \
  EXPORT type name parameters {                                                             \
    char room[REMAP_ROOM];                                                                  \
    char *there = (char *)(uintptr_t)remapped(template, room);                              \
    if (template && !there) return failed;                                                  \
    type(*real)(__VA_ARGS__) = LIBC(type(*)(__VA_ARGS__), real_name);                       \
    if (!real) return fail(ENOSYS), failed;                                                 \
    type result = real arguments;                                                           \
    if (there == template || result == failed) return result;                               \
    take_back(template, there);                                                             \
    return RESULT(result);                                                                  \
  }

/* Gives the template whether or not there is such a name; none is an empty one. */
EXPORT char *mktemp(char *template) {
  char room[REMAP_ROOM];
  char *there = (char *)(uintptr_t)remapped(template, room);
  char *(*real)(char *) = LIBC(char *(*)(char *), mktemp);
  if (!real || (template && !there)) {
    if (template) *template = 0;
    return template;
  }
  real(there);
  if (there != template && *there)
    take_back(template, there);
  else if (there != template)
    *template = 0;
  return template;
}

#define RESULT(result) (result)
TEMPORARY(int, mkstemp, mkstemp, -1, (char *template), (there), char *)
TEMPORARY(int, mkstemp64, mkstemp, -1, (char *template), (there), char *)
TEMPORARY(int, mkostemp, mkostemp, -1, (char *template, int flags), (there, flags), char *, int)
TEMPORARY(int, mkostemp64, mkostemp, -1, (char *template, int flags), (there, flags), char *, int)
TEMPORARY(int, mkstemps, mkstemps, -1, (char *template, int suffix), (there, suffix), char *, int)
TEMPORARY(int, mkstemps64, mkstemps, -1, (char *template, int suffix), (there, suffix), char *, int)
TEMPORARY(int, mkostemps, mkostemps, -1, (char *template, int suffix, int flags), (there, suffix, flags), char *, int, int)
TEMPORARY(int, mkostemps64, mkostemps, -1, (char *template, int suffix, int flags), (there, suffix, flags), char *, int, int)
#undef RESULT
#define RESULT(result) template
TEMPORARY(char *, mkdtemp, mkdtemp, NULL, (char *template), (there), char *)
