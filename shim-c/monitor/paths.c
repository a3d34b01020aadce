/* Remapped paths in calls that libc does more for than to pass them on. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/types.h>

#include "libc.h"
#include "monitor.h"

/* path in front, the other arguments as they come. */
#define PATH_CALL(type, name, failed, parameters, arguments, ...)                     \
  PATH_CALL_AT(AT_FDCWD, type, name, failed, parameters, arguments, __VA_ARGS__)
#define PATH_CALL_AT(from, type, name, failed, parameters, arguments, ...)            \
  EXPORT type name parameters {                                                       \
    char room[REMAP_ROOM];                                                            \
    const char *there = remapped_at(from, path, room);                                \
    if (path && !there) return failed;                                                \
    type(*real)(__VA_ARGS__) = LIBC(type(*)(__VA_ARGS__), name);                      \
    if (!real) return fail(ENOSYS), failed;                                           \
    return real arguments;                                                            \
  }

PATH_CALL_AT(directory, int, faccessat, -1, (int directory, const char *path, int mode, int flags), (directory, there, mode, flags),
          int, const char *, int, int)
PATH_CALL(int, euidaccess, -1, (const char *path, int mode), (there, mode), const char *, int)
PATH_CALL_AT(directory, int, fchmodat, -1, (int directory, const char *path, mode_t mode, int flags), (directory, there, mode, flags),
          int, const char *, mode_t, int)
PATH_CALL(int, remove, -1, (const char *path), (there), const char *)
PATH_CALL(int, utime, -1, (const char *path, const void *times), (there, times), const char *, const void *)
PATH_CALL(int, utimes, -1, (const char *path, const void *times), (there, times), const char *, const void *)
PATH_CALL(int, lutimes, -1, (const char *path, const void *times), (there, times), const char *, const void *)
PATH_CALL(int, statvfs, -1, (const char *path, void *found), (there, found), const char *, void *)

PATH_CALL(long, pathconf, -1, (const char *path, int name), (there, name), const char *, int)
PATH_CALL(key_t, ftok, -1, (const char *path, int project), (there, project), const char *, int)
PATH_CALL_AT(directory, int, futimesat, -1, (int directory, const char *path, const void *times), (directory, there, times),
          int, const char *, const void *)

EXPORT int lchmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW); }
EXPORT int eaccess(const char *path, int mode) { return euidaccess(path, mode); }
EXPORT int statvfs64(const char *path, void *found) { return statvfs(path, found); }
