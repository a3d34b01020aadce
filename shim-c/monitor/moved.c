/* System calls that take paths, under whichever name libc or syscall() gives them. */
#include <fcntl.h>
#include "monitor.h"

/* Which arguments are paths, counted from 1; the one in front of a path is its directory's descriptor, which an absolute path ignores. */
static const struct {
  short number;
  uint8_t first;
  uint8_t second;
} with_paths[] = {
#ifdef SYS_open
    {SYS_open, 1, 0},       {SYS_creat, 1, 0},    {SYS_stat, 1, 0},    {SYS_lstat, 1, 0},  {SYS_access, 1, 0},
    {SYS_mkdir, 1, 0},      {SYS_rmdir, 1, 0},    {SYS_unlink, 1, 0},  {SYS_rename, 1, 2}, {SYS_link, 1, 2},
    {SYS_symlink, 2, 0},    {SYS_readlink, 1, 0}, {SYS_chmod, 1, 0},   {SYS_chown, 1, 0},  {SYS_lchown, 1, 0},
    {SYS_mknod, 1, 0},      {SYS_futimesat, 2, 0}, {SYS_utime, 1, 0},    {SYS_utimes, 1, 0},  {SYS_renameat, 2, 4},
#endif
    {SYS_openat, 2, 0},     {SYS_newfstatat, 2, 0}, {SYS_statx, 2, 0},     {SYS_statfs, 1, 0},
    {SYS_faccessat, 2, 0},  {SYS_mkdirat, 2, 0},    {SYS_unlinkat, 2, 0},  {SYS_renameat2, 2, 4},
    {SYS_linkat, 2, 4},     {SYS_symlinkat, 3, 0},  {SYS_readlinkat, 2, 0}, {SYS_chdir, 1, 0},
    {SYS_chroot, 1, 0},
    {SYS_fchmodat, 2, 0},   {SYS_fchownat, 2, 0},   {SYS_truncate, 1, 0},  {SYS_utimensat, 2, 0},
    {SYS_getxattr, 1, 0},   {SYS_lgetxattr, 1, 0},  {SYS_listxattr, 1, 0}, {SYS_llistxattr, 1, 0},
    {SYS_setxattr, 1, 0},   {SYS_lsetxattr, 1, 0},  {SYS_removexattr, 1, 0}, {SYS_lremovexattr, 1, 0},
    {SYS_mknodat, 2, 0},    {SYS_inotify_add_watch, 2, 0},
#ifdef SYS_faccessat2
    {SYS_faccessat2, 2, 0},
#endif
#ifdef SYS_openat2
    {SYS_openat2, 2, 0},
#endif
#ifdef SYS_fchmodat2
    {SYS_fchmodat2, 2, 0},
#endif
};

/* False: too long, errno is set. */
static bool move(int directory, long *argument, char room[REMAP_ROOM]) {
  const char *path = (const char *)*argument;
  const char *there = remapped_at(directory, path, room);
  if (path && !there) return false;
  *argument = (long)there;
  return true;
}

/* In the ...at() calls a path's directory is the argument before it. */
static int directory_of(long number, const long arguments[6], int path) {
  return path < 2 || number == SYS_inotify_add_watch ? AT_FDCWD : (int)arguments[path - 2];
}

/* A symbolic link is followed by the kernel, which knows real paths only: it holds those, and is read back as it was written. */
static bool makes_link(long number) {
#ifdef SYS_symlink
  if (number == SYS_symlink) return true;
#endif
  return number == SYS_symlinkat;
}

/* Which argument of a call that reads a link is the guest's room for it, from 0; -1 for other calls. */
static int link_argument(long number) {
#ifdef SYS_readlink
  if (number == SYS_readlink) return 1;
#endif
  return number == SYS_readlinkat ? 2 : -1;
}

static long read_link(long number, const long arguments[6], int to, char room[REMAP_ROOM]) {
  char kernel[REMAP_ROOM];
  long asked[] = {arguments[0], arguments[1], arguments[2], arguments[3]};
  size_t size = (size_t)asked[to + 1];
  asked[to] = (long)kernel;
  asked[to + 1] = REMAP_ROOM - 1;
  long length = raw(number, asked[0], asked[1], asked[2], asked[3]);
  const char *seen = kernel;
  if (length > 0) {
    kernel[length] = 0;
    seen = visible(kernel, room);
  }
  /* Another name than the kernel's is ours to write; everything else, errors and wrong pointers included, is the kernel's. */
  if (length <= 0 || seen == kernel || (int)size <= 0)
    return returned(raw(number, arguments[0], arguments[1], arguments[2], arguments[3]));
  length = (long)strlen(seen);
  if ((size_t)length > size) length = (long)size;
  memcpy((void *)arguments[to], seen, (size_t)length);
  return length;
}

long moved(long number, long a, long b, long c, long d, long e, long f) {
  if (!remap_value()) return returned(raw6(number, a, b, c, d, e, f));
  long arguments[] = {a, b, c, d, e, f};
  char first[REMAP_ROOM];
  char second[REMAP_ROOM];
  for (size_t i = 0; i < sizeof with_paths / sizeof *with_paths; i++) {
    if (with_paths[i].number != number) continue;
    int at = with_paths[i].first;
    int then = with_paths[i].second;
    if (!move(directory_of(number, arguments, at), &arguments[at - 1], first)) return -1;
    if (then && !move(directory_of(number, arguments, then), &arguments[then - 1], second)) return -1;
    const char *target = makes_link(number) ? (const char *)a : NULL;
    if (target && *target == '/' && !move(AT_FDCWD, &arguments[0], second)) return -1;
    int to = link_argument(number);
    if (to > 0) return read_link(number, arguments, to, second);
    break;
  }
  return returned(raw6(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]));
}
