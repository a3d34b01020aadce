/* Opening remapped paths. libc's own functions do it: they are cancellation points, and streams are theirs. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "libc.h"
#include "monitor.h"

typedef int open_function(const char *, int, mode_t);
typedef int openat_function(int, const char *, int, mode_t);

/* Declares `there`; returns `otherwise` when the remapped path is too long. */
#define MOVE(path, there, otherwise) MOVE_AT(AT_FDCWD, path, there, otherwise)
#define MOVE_AT(directory, path, there, otherwise)           \
  char room[REMAP_ROOM];                                     \
  const char *there = remapped_at(directory, (path), room);  \
  if ((path) && !there) return (otherwise);

static int on_open(const char *path, int flags, mode_t mode) {
  MOVE(path, there, -1)
  open_function *real = LIBC(open_function *, open);
  return real ? real(there, flags, mode) : (int)returned(raw(SYS_openat, AT_FDCWD, there, flags, mode));
}

static int on_openat(int directory, const char *path, int flags, mode_t mode) {
  MOVE_AT(directory, path, there, -1)
  openat_function *real = LIBC(openat_function *, openat);
  return real ? real(directory, there, flags, mode) : (int)returned(raw(SYS_openat, directory, there, flags, mode));
}

/* Variadic in the headers; on both machines `mode` travels in the same register either way. */
#define OPEN(name)                                                  \
  EXPORT int boxer_##name(const char *, int, mode_t) __asm__(#name); \
  EXPORT int boxer_##name(const char *path, int flags, mode_t mode) { return on_open(path, flags, mode); }
#define OPENAT(name)                                                                    \
  EXPORT int boxer_##name(int, const char *, int, mode_t) __asm__(#name);                \
  EXPORT int boxer_##name(int directory, const char *path, int flags, mode_t mode) {     \
    return on_openat(directory, path, flags, mode);                                      \
  }
OPEN(open)
OPEN(open64)
OPEN(__open)
OPEN(__open64)
OPENAT(openat)
OPENAT(openat64)

EXPORT int creat(const char *path, mode_t mode) { return on_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
EXPORT int creat64(const char *path, mode_t mode) { return on_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* What _FORTIFY_SOURCE makes of open() without a mode: libc checks that none is needed. */
static int on_open_2(const char *path, int flags) {
  MOVE(path, there, -1)
  int (*real)(const char *, int) = LIBC(int (*)(const char *, int), __open_2);
  return real ? real(there, flags) : on_open(there, flags, 0);
}

static int on_openat_2(int directory, const char *path, int flags) {
  MOVE_AT(directory, path, there, -1)
  int (*real)(int, const char *, int) = LIBC(int (*)(int, const char *, int), __openat_2);
  return real ? real(directory, there, flags) : on_openat(directory, there, flags, 0);
}

EXPORT int __open_2(const char *path, int flags) { return on_open_2(path, flags); }
EXPORT int __open64_2(const char *path, int flags) { return on_open_2(path, flags); }
EXPORT int __openat_2(int directory, const char *path, int flags) { return on_openat_2(directory, path, flags); }
EXPORT int __openat64_2(int directory, const char *path, int flags) { return on_openat_2(directory, path, flags); }

static FILE *on_fopen(const char *path, const char *mode) {
  MOVE(path, there, NULL)
  FILE *(*real)(const char *, const char *) = LIBC(FILE * (*)(const char *, const char *), fopen);
  return real ? real(there, mode) : NULL;
}

static FILE *on_freopen(const char *path, const char *mode, FILE *stream) {
  MOVE(path, there, NULL)
  FILE *(*real)(const char *, const char *, FILE *) = LIBC(FILE * (*)(const char *, const char *, FILE *), freopen);
  return real ? real(there, mode, stream) : NULL;
}

EXPORT FILE *fopen(const char *path, const char *mode) { return on_fopen(path, mode); }
EXPORT FILE *_IO_fopen(const char *path, const char *mode) { return on_fopen(path, mode); }
EXPORT FILE *fopen64(const char *path, const char *mode) { return on_fopen(path, mode); }
EXPORT FILE *freopen(const char *path, const char *mode, FILE *stream) { return on_freopen(path, mode, stream); }
EXPORT FILE *freopen64(const char *path, const char *mode, FILE *stream) { return on_freopen(path, mode, stream); }

static DIR *on_opendir(const char *path) {
  MOVE(path, there, NULL)
  DIR *(*real)(const char *) = LIBC(DIR * (*)(const char *), opendir);
  return real ? real(there) : NULL;
}

EXPORT DIR *opendir(const char *path) { return on_opendir(path); }

typedef int choose(const void *);
typedef int order(const void *, const void *);
typedef int scandir_function(const char *, void *, choose *, order *);

static int on_scandir(const char *path, void *list, choose *chosen, order *ordered) {
  MOVE(path, there, -1)
  scandir_function *real = LIBC(scandir_function *, scandir);
  return real ? real(there, list, chosen, ordered) : fail(ENOSYS);
}

EXPORT int boxer_scandir(const char *, void *, choose *, order *) __asm__("scandir");
EXPORT int boxer_scandir(const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandir(path, list, chosen, ordered);
}
EXPORT int scandir64(const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandir(path, list, chosen, ordered);
}

typedef int scandirat_function(int, const char *, void *, choose *, order *);

static int on_scandirat(int directory, const char *path, void *list, choose *chosen, order *ordered) {
  MOVE_AT(directory, path, there, -1)
  scandirat_function *real = LIBC(scandirat_function *, scandirat);
  return real ? real(directory, there, list, chosen, ordered) : fail(ENOSYS);
}

EXPORT int scandirat(int directory, const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandirat(directory, path, list, chosen, ordered);
}
EXPORT int scandirat64(int directory, const char *path, void *list, choose *chosen, order *ordered) {
  return on_scandirat(directory, path, list, chosen, ordered);
}

typedef int addopen_function(void *, int, const char *, int, mode_t);

/* libc copies the path. */
EXPORT int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, mode_t mode) {
  MOVE(path, there, ENAMETOOLONG)
  addopen_function *real = LIBC(addopen_function *, posix_spawn_file_actions_addopen);
  return real ? real(actions, fd, there, flags, mode) : ENOSYS;
}
