/*
 * Remapped paths in calls that libc passes to the kernel unchanged. Older calls are made as the *at calls,
 * which exist on both machines.
 */
#include <stddef.h>
#include <sys/types.h>

#include "monitor.h"
#include "pass.h"
#include "remapped-calls.h"

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR 0x200
#define FIFO 0010000

/*
 * <sys/stat.h> and <unistd.h> would declare these with attributes that get in the way; the kernel takes any
 * pointer.
 */
#define STAT(name, flags)                                                  \
  EXPORT int name(const char *path, void *found) {                         \
    PASS(name, path, found)                                                \
    return CALL_REMAPPED(SYS_newfstatat, AT_FDCWD, path, found, flags, 0); \
  }
STAT(stat, 0)
STAT(stat64, 0)
STAT(lstat, AT_SYMLINK_NOFOLLOW)
STAT(lstat64, AT_SYMLINK_NOFOLLOW)

/*
 * Programs linked with glibc before 2.33 call these; `version` is about structures that these machines never
 * had.
 */
#define XSTAT(name, flags)                                                 \
  EXPORT int name(int version, const char *path, void *found) {            \
    PASS(name, version, path, found)                                       \
    return CALL_REMAPPED(SYS_newfstatat, AT_FDCWD, path, found, flags, 0); \
  }
XSTAT(__xstat, 0)
XSTAT(__xstat64, 0)
XSTAT(__lxstat, AT_SYMLINK_NOFOLLOW)
XSTAT(__lxstat64, AT_SYMLINK_NOFOLLOW)

EXPORT int fstatat(int directory, const char *path, void *found, int flags) {
  PASS(fstatat, directory, path, found, flags)
  return CALL_REMAPPED(SYS_newfstatat, directory, path, found, flags, 0);
}
EXPORT int fstatat64(int directory, const char *path, void *found, int flags) {
  PASS(fstatat64, directory, path, found, flags)
  return CALL_REMAPPED(SYS_newfstatat, directory, path, found, flags, 0);
}
EXPORT int __fxstatat(int version, int directory, const char *path, void *found, int flags) {
  PASS(__fxstatat, version, directory, path, found, flags)
  return CALL_REMAPPED(SYS_newfstatat, directory, path, found, flags, 0);
}
EXPORT int __fxstatat64(int version, int directory, const char *path, void *found, int flags) {
  PASS(__fxstatat64, version, directory, path, found, flags)
  return CALL_REMAPPED(SYS_newfstatat, directory, path, found, flags, 0);
}
EXPORT int statx(int directory, const char *path, int flags, unsigned mask, void *found) {
  PASS(statx, directory, path, flags, mask, found)
  return CALL_REMAPPED(SYS_statx, directory, path, flags, mask, found);
}
EXPORT int statfs(const char *path, void *found) {
  PASS(statfs, path, found)
  return CALL_REMAPPED(SYS_statfs, path, found, 0, 0, 0);
}
EXPORT int __statfs(const char *path, void *found) {
  PASS(__statfs, path, found)
  return CALL_REMAPPED(SYS_statfs, path, found, 0, 0, 0);
}
EXPORT int statfs64(const char *path, void *found) {
  PASS(statfs64, path, found)
  return CALL_REMAPPED(SYS_statfs, path, found, 0, 0, 0);
}
EXPORT int access(const char *path, int mode) {
  PASS(access, path, mode)
  return CALL_REMAPPED(SYS_faccessat, AT_FDCWD, path, mode, 0, 0);
}
EXPORT int mkdir(const char *path, mode_t mode) {
  PASS(mkdir, path, mode)
  return CALL_REMAPPED(SYS_mkdirat, AT_FDCWD, path, mode, 0, 0);
}
EXPORT int mkdirat(int directory, const char *path, mode_t mode) {
  PASS(mkdirat, directory, path, mode)
  return CALL_REMAPPED(SYS_mkdirat, directory, path, mode, 0, 0);
}
EXPORT int rmdir(const char *path) {
  PASS(rmdir, path)
  return CALL_REMAPPED(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR, 0, 0);
}
EXPORT int unlink(const char *path) {
  PASS(unlink, path)
  return CALL_REMAPPED(SYS_unlinkat, AT_FDCWD, path, 0, 0, 0);
}
EXPORT int unlinkat(int directory, const char *path, int flags) {
  PASS(unlinkat, directory, path, flags)
  return CALL_REMAPPED(SYS_unlinkat, directory, path, flags, 0, 0);
}
EXPORT int rename(const char *from, const char *to) {
  PASS(rename, from, to)
  return CALL_REMAPPED(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
EXPORT int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  PASS(renameat, from_directory, from, to_directory, to)
  return CALL_REMAPPED(SYS_renameat2, from_directory, from, to_directory, to, 0);
}
EXPORT int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
  PASS(renameat2, from_directory, from, to_directory, to, flags)
  return CALL_REMAPPED(SYS_renameat2, from_directory, from, to_directory, to, flags);
}
EXPORT int link(const char *from, const char *to) {
  PASS(link, from, to)
  return CALL_REMAPPED(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}
EXPORT int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags) {
  PASS(linkat, from_directory, from, to_directory, to, flags)
  return CALL_REMAPPED(SYS_linkat, from_directory, from, to_directory, to, flags);
}
EXPORT int symlink(const char *target, const char *path) {
  PASS(symlink, target, path)
  return CALL_REMAPPED(SYS_symlinkat, target, AT_FDCWD, path, 0, 0);
}
EXPORT int symlinkat(const char *target, int directory, const char *path) {
  PASS(symlinkat, target, directory, path)
  return CALL_REMAPPED(SYS_symlinkat, target, directory, path, 0, 0);
}
EXPORT ssize_t readlink(const char *path, char *to, size_t room) {
  PASS_SIZE(readlink, path, to, room)
  return CALL_REMAPPED(SYS_readlinkat, AT_FDCWD, path, to, room, 0);
}
EXPORT ssize_t readlinkat(int directory, const char *path, char *to, size_t room) {
  PASS_SIZE(readlinkat, directory, path, to, room)
  return CALL_REMAPPED(SYS_readlinkat, directory, path, to, room, 0);
}
EXPORT int chdir(const char *path) {
  PASS(chdir, path)
  return CALL_REMAPPED(SYS_chdir, path, 0, 0, 0, 0);
}
EXPORT int chroot(const char *path) {
  PASS(chroot, path)
  return CALL_REMAPPED(SYS_chroot, path, 0, 0, 0, 0);
}
EXPORT int chmod(const char *path, mode_t mode) {
  PASS(chmod, path, mode)
  return CALL_REMAPPED(SYS_fchmodat, AT_FDCWD, path, mode, 0, 0);
}
EXPORT int chown(const char *path, uid_t user, gid_t group) {
  PASS(chown, path, user, group)
  return CALL_REMAPPED(SYS_fchownat, AT_FDCWD, path, user, group, 0);
}
EXPORT int lchown(const char *path, uid_t user, gid_t group) {
  PASS(lchown, path, user, group)
  return CALL_REMAPPED(SYS_fchownat, AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}
EXPORT int fchownat(int directory, const char *path, uid_t user, gid_t group, int flags) {
  PASS(fchownat, directory, path, user, group, flags)
  return CALL_REMAPPED(SYS_fchownat, directory, path, user, group, flags);
}
EXPORT int truncate(const char *path, off_t size) {
  PASS(truncate, path, size)
  return CALL_REMAPPED(SYS_truncate, path, size, 0, 0, 0);
}
EXPORT int truncate64(const char *path, off_t size) {
  PASS(truncate64, path, size)
  return CALL_REMAPPED(SYS_truncate, path, size, 0, 0, 0);
}
EXPORT int utimensat(int directory, const char *path, const void *times, int flags) {
  PASS(utimensat, directory, path, times, flags)
  /* glibc and musl both refuse what the kernel takes for the descriptor itself. */
  return path ? CALL_REMAPPED(SYS_utimensat, directory, path, times, flags, 0) : fail(EINVAL);
}
EXPORT int mkfifo(const char *path, mode_t mode) {
  PASS(mkfifo, path, mode)
  return CALL_REMAPPED(SYS_mknodat, AT_FDCWD, path, mode | FIFO, 0, 0);
}
EXPORT int mkfifoat(int directory, const char *path, mode_t mode) {
  PASS(mkfifoat, directory, path, mode)
  return CALL_REMAPPED(SYS_mknodat, directory, path, mode | FIFO, 0, 0);
}
EXPORT int mknod(const char *path, mode_t mode, dev_t device) {
  PASS(mknod, path, mode, device)
  return CALL_REMAPPED(SYS_mknodat, AT_FDCWD, path, mode, device, 0);
}
EXPORT int mknodat(int directory, const char *path, mode_t mode, dev_t device) {
  PASS(mknodat, directory, path, mode, device)
  return CALL_REMAPPED(SYS_mknodat, directory, path, mode, device, 0);
}
/* As __xstat(). glibc refuses a device number that does not fit the kernel's 32 bits. */
static bool fits_kernel(dev_t device) {
  return device == (uint32_t)device || !LIBC(void *, gnu_get_libc_version);
}

EXPORT int __xmknod(int version, const char *path, mode_t mode, const dev_t *device) {
  (void)version;
  if (!fits_kernel(*device)) return fail(EINVAL);
  return CALL_REMAPPED(SYS_mknodat, AT_FDCWD, path, mode, *device, 0);
}
EXPORT int __xmknodat(int version, int directory, const char *path, mode_t mode, const dev_t *device) {
  (void)version;
  if (!fits_kernel(*device)) return fail(EINVAL);
  return CALL_REMAPPED(SYS_mknodat, directory, path, mode, *device, 0);
}
EXPORT int inotify_add_watch(int fd, const char *path, uint32_t mask) {
  PASS(inotify_add_watch, fd, path, mask)
  return CALL_REMAPPED(SYS_inotify_add_watch, fd, path, mask, 0, 0);
}

/* ls, cp and install call these for every file. */
EXPORT ssize_t getxattr(const char *path, const char *name, void *to, size_t room) {
  PASS_SIZE(getxattr, path, name, to, room)
  return CALL_REMAPPED(SYS_getxattr, path, name, to, room, 0);
}
EXPORT ssize_t lgetxattr(const char *path, const char *name, void *to, size_t room) {
  PASS_SIZE(lgetxattr, path, name, to, room)
  return CALL_REMAPPED(SYS_lgetxattr, path, name, to, room, 0);
}
EXPORT ssize_t listxattr(const char *path, char *to, size_t room) {
  PASS_SIZE(listxattr, path, to, room)
  return CALL_REMAPPED(SYS_listxattr, path, to, room, 0, 0);
}
EXPORT ssize_t llistxattr(const char *path, char *to, size_t room) {
  PASS_SIZE(llistxattr, path, to, room)
  return CALL_REMAPPED(SYS_llistxattr, path, to, room, 0, 0);
}
EXPORT int setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
  PASS(setxattr, path, name, value, size, flags)
  return CALL_REMAPPED(SYS_setxattr, path, name, value, size, flags);
}
EXPORT int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
  PASS(lsetxattr, path, name, value, size, flags)
  return CALL_REMAPPED(SYS_lsetxattr, path, name, value, size, flags);
}
EXPORT int removexattr(const char *path, const char *name) {
  PASS(removexattr, path, name)
  return CALL_REMAPPED(SYS_removexattr, path, name, 0, 0, 0);
}
EXPORT int lremovexattr(const char *path, const char *name) {
  PASS(lremovexattr, path, name)
  return CALL_REMAPPED(SYS_lremovexattr, path, name, 0, 0, 0);
}
