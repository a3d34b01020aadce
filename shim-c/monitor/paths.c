/* Remapped paths in calls for which libc does more than pass them to the kernel. */
#include <stddef.h>
#include <sys/types.h>

#include "monitor.h"
#include "path-call.h"

ASKING_PATH_CALL_AT(directory, int, faccessat, -1, (int directory, const char *path, int mode, int flags),
                    (directory, path, mode, flags), int, const char *, int, int)
ASKING_PATH_CALL_AT(AT_FDCWD, int, euidaccess, -1, (const char *path, int mode), (path, mode), const char *,
                    int)
PATH_CALL_AT(directory, int, fchmodat, -1, (int directory, const char *path, mode_t mode, int flags),
             (directory, path, mode, flags), int, const char *, mode_t, int)
PATH_CALL(int, remove, -1, (const char *path), (path), const char *)
PATH_CALL(int, utime, -1, (const char *path, const void *times), (path, times), const char *, const void *)
PATH_CALL(int, utimes, -1, (const char *path, const void *times), (path, times), const char *, const void *)
PATH_CALL(int, lutimes, -1, (const char *path, const void *times), (path, times), const char *, const void *)
PATH_CALL(int, statvfs, -1, (const char *path, void *found), (path, found), const char *, void *)
PATH_CALL(long, pathconf, -1, (const char *path, int name), (path, name), const char *, int)
PATH_CALL(key_t, ftok, -1, (const char *path, int project), (path, project), const char *, int)
PATH_CALL_AT(directory, int, futimesat, -1, (int directory, const char *path, const void *times),
             (directory, path, times), int, const char *, const void *)

EXPORT int faccessat(int directory, const char *path, int mode, int flags) {
  return on_faccessat(directory, path, mode, flags);
}
EXPORT int euidaccess(const char *path, int mode) { return on_euidaccess(path, mode); }
EXPORT int eaccess(const char *path, int mode) { return on_euidaccess(path, mode); }
EXPORT int fchmodat(int directory, const char *path, mode_t mode, int flags) {
  return on_fchmodat(directory, path, mode, flags);
}
EXPORT int lchmod(const char *path, mode_t mode) {
  return on_fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}
EXPORT int remove(const char *path) { return on_remove(path); }
EXPORT int utime(const char *path, const void *times) { return on_utime(path, times); }
EXPORT int utimes(const char *path, const void *times) { return on_utimes(path, times); }
EXPORT int lutimes(const char *path, const void *times) { return on_lutimes(path, times); }
EXPORT int statvfs(const char *path, void *found) { return on_statvfs(path, found); }
EXPORT int statvfs64(const char *path, void *found) { return on_statvfs(path, found); }
EXPORT long pathconf(const char *path, int name) { return on_pathconf(path, name); }
EXPORT key_t ftok(const char *path, int project) { return on_ftok(path, project); }
EXPORT int futimesat(int directory, const char *path, const void *times) {
  return on_futimesat(directory, path, times);
}
