/* Opens remapped paths. libc's functions do it: they are cancellation points, and streams belong to libc. */
#include <dirent.h>
#include <stdio.h>

#include "monitor.h"
#include "path-call.h"

PATH_CALL(int, open, -1, (const char *path, int flags, mode_t mode), (path, flags, mode), const char *, int,
          mode_t)
PATH_CALL_AT(directory, int, openat, -1, (int directory, const char *path, int flags, mode_t mode),
             (directory, path, flags, mode), int, const char *, int, mode_t)

/* Variadic in the headers; on both machines `mode` travels in the same register either way. */
#define OPEN(name)                                                   \
  EXPORT int boxer_##name(const char *, int, mode_t) __asm__(#name); \
  EXPORT int boxer_##name(const char *path, int flags, mode_t mode) { return on_open(path, flags, mode); }
#define OPENAT(name)                                                                 \
  EXPORT int boxer_##name(int, const char *, int, mode_t) __asm__(#name);            \
  EXPORT int boxer_##name(int directory, const char *path, int flags, mode_t mode) { \
    return on_openat(directory, path, flags, mode);                                  \
  }
OPEN(open)
OPEN(open64)
OPEN(__open)
OPEN(__open64)
OPENAT(openat)
OPENAT(openat64)

EXPORT int creat(const char *path, mode_t mode) { return on_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
EXPORT int creat64(const char *path, mode_t mode) {
  return on_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/*
 * _FORTIFY_SOURCE calls these for open() without a mode. Where libc has them, they check that no mode is
 * needed.
 */
PATH_CALL(int, __open_2, -1, (const char *path, int flags), (path, flags), const char *, int)
PATH_CALL_AT(directory, int, __openat_2, -1, (int directory, const char *path, int flags),
             (directory, path, flags), int, const char *, int)

static int on_open_2(const char *path, int flags) {
  return LIBC(void *, __open_2) ? on___open_2(path, flags) : on_open(path, flags, 0);
}

static int on_openat_2(int directory, const char *path, int flags) {
  return LIBC(void *, __openat_2) ? on___openat_2(directory, path, flags)
                                  : on_openat(directory, path, flags, 0);
}

EXPORT int __open_2(const char *path, int flags) { return on_open_2(path, flags); }
EXPORT int __open64_2(const char *path, int flags) { return on_open_2(path, flags); }
EXPORT int __openat_2(int directory, const char *path, int flags) {
  return on_openat_2(directory, path, flags);
}
EXPORT int __openat64_2(int directory, const char *path, int flags) {
  return on_openat_2(directory, path, flags);
}

PATH_CALL(FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode), const char *, const char *)
PATH_CALL(FILE *, freopen, NULL, (const char *path, const char *mode, FILE *stream), (path, mode, stream),
          const char *, const char *, FILE *)
PATH_CALL(DIR *, opendir, NULL, (const char *path), (path), const char *)

EXPORT FILE *fopen(const char *path, const char *mode) { return on_fopen(path, mode); }
EXPORT FILE *_IO_fopen(const char *path, const char *mode) { return on_fopen(path, mode); }
EXPORT FILE *fopen64(const char *path, const char *mode) { return on_fopen(path, mode); }
EXPORT FILE *freopen(const char *path, const char *mode, FILE *stream) {
  return on_freopen(path, mode, stream);
}
EXPORT FILE *freopen64(const char *path, const char *mode, FILE *stream) {
  return on_freopen(path, mode, stream);
}
EXPORT DIR *opendir(const char *path) { return on_opendir(path); }

typedef int choose(const void *);
typedef int order(const void *, const void *);
DEEP_PATH_CALL(int, scandir, -1, (const char *path, void *list, choose *chosen, order *ordered),
               (path, list, chosen, ordered), const char *, void *, choose *, order *)
PATH_CALL_AT(directory, int, scandirat, -1,
             (int directory, const char *path, void *list, choose *chosen, order *ordered),
             (directory, path, list, chosen, ordered), int, const char *, void *, choose *, order *)

EXPORT int boxer_scandir(const char *, void *, choose *, order *) __asm__("scandir");
EXPORT int boxer_scandir(const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandir(path, list, chosen, ordered);
}
EXPORT int scandir64(const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandir(path, list, chosen, ordered);
}
EXPORT int scandirat(int directory, const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandirat(directory, path, list, chosen, ordered);
}
EXPORT int scandirat64(int directory, const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandirat(directory, path, list, chosen, ordered);
}

/* libc copies the path, so the place may be left afterwards. */
PATH_CALL(int, posix_spawn_file_actions_addopen, last_error(),
          (void *actions, int fd, const char *path, int flags, mode_t mode), (actions, fd, path, flags, mode),
          void *, int, const char *, int, mode_t)

EXPORT int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, mode_t mode) {
  return on_posix_spawn_file_actions_addopen(actions, fd, path, flags, mode);
}
