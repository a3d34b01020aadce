/* System calls with paths, which libc's functions and syscall() lead to. */
#include "remapped-calls.h"

#include <fcntl.h>

#include "claim.h"
#include "config.h"
#include "denied.h"
#include "monitor.h"
#include "place.h"
#include "reading.h"
#include "rules.h"
#include "shown.h"
#include "trace.h"

/*
 * The numbers of the arguments that are paths, counted from 1. The argument before a path is its directory's
 * descriptor, which an absolute path ignores.
 */
static const struct {
  short number;
  uint8_t first;
  uint8_t second;
} with_paths[] = {
#ifdef SYS_open
    {SYS_open, 1, 0},         {SYS_creat, 1, 0},      {SYS_stat, 1, 0},
    {SYS_lstat, 1, 0},        {SYS_access, 1, 0},     {SYS_mkdir, 1, 0},
    {SYS_rmdir, 1, 0},        {SYS_unlink, 1, 0},     {SYS_rename, 1, 2},
    {SYS_link, 1, 2},         {SYS_symlink, 2, 0},    {SYS_readlink, 1, 0},
    {SYS_chmod, 1, 0},        {SYS_chown, 1, 0},      {SYS_lchown, 1, 0},
    {SYS_mknod, 1, 0},        {SYS_futimesat, 2, 0},  {SYS_utime, 1, 0},
    {SYS_utimes, 1, 0},       {SYS_renameat, 2, 4},
#endif
    {SYS_openat, 2, 0},       {SYS_newfstatat, 2, 0}, {SYS_statx, 2, 0},
    {SYS_statfs, 1, 0},       {SYS_faccessat, 2, 0},  {SYS_mkdirat, 2, 0},
    {SYS_unlinkat, 2, 0},     {SYS_renameat2, 2, 4},  {SYS_linkat, 2, 4},
    {SYS_symlinkat, 3, 0},    {SYS_readlinkat, 2, 0}, {SYS_chdir, 1, 0},
    {SYS_chroot, 1, 0},       {SYS_fchmodat, 2, 0},   {SYS_fchownat, 2, 0},
    {SYS_truncate, 1, 0},     {SYS_utimensat, 2, 0},  {SYS_getxattr, 1, 0},
    {SYS_lgetxattr, 1, 0},    {SYS_listxattr, 1, 0},  {SYS_llistxattr, 1, 0},
    {SYS_setxattr, 1, 0},     {SYS_lsetxattr, 1, 0},  {SYS_removexattr, 1, 0},
    {SYS_lremovexattr, 1, 0}, {SYS_mknodat, 2, 0},    {SYS_inotify_add_watch, 2, 0},
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

#define ARGUMENTS 6

/* In the ...at() calls a path's directory is the argument before it. */
static int directory_of(long number, const long *arguments, int path) {
  return path < 2 || number == SYS_inotify_add_watch ? AT_FDCWD : (int)arguments[path - 2];
}

/*
 * The kernel follows symbolic links and knows real paths only. So a link holds a real path, and is read back
 * as it was written.
 */
static bool makes_link(long number) {
#ifdef SYS_symlink
  if (number == SYS_symlink) return true;
#endif
  return number == SYS_symlinkat;
}

/*
 * The index, from 0, of the argument that is the guest's room for a link's text; 0 for calls that read no
 * link.
 */
static int link_argument(long number) {
#ifdef SYS_readlink
  if (number == SYS_readlink) return 1;
#endif
  return number == SYS_readlinkat ? 2 : 0;
}

static long call(long number, const long *arguments) {
  return raw6(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

/* Reads a link whose text did not fit the guest's room. */
static long read_whole_link(long number, const long *arguments, int to) {
  long asked[ARGUMENTS] = {arguments[0], arguments[1], arguments[2], arguments[3]};
  char *text = claim(REMAP_ROOM, HERE);
  if (!text) return -ENOMEM;
  asked[to] = (long)text;
  asked[to + 1] = REMAP_ROOM - 1;
  long length = call(number, asked);
  struct shown shown;
  size_t size = (size_t)arguments[to + 1];
  if (length > 0 && find_shown(text, (size_t)length, &shown)) {
    if (shown.length < size) size = shown.length;
    length = show_out((char *)arguments[to], size, text, (size_t)length, &shown);
    if (length == 0) length = (long)size;
  } else {
    length = call(number, arguments);
  }
  unclaim(text);
  return length;
}

/* The kernel writes to the guest's memory first, and so judges wrong pointers. */
static long read_link(long number, const long *arguments, int to) {
  long length = call(number, arguments);
  char *text = (char *)arguments[to];
  size_t size = (size_t)arguments[to + 1];
  struct shown shown;
  if (length <= 0 || !may_be_shown(text, (size_t)length)) return length;
  if ((size_t)length == size) return read_whole_link(number, arguments, to);
  if (!find_shown(text, (size_t)length, &shown)) return length;
  if (shown.length <= (size_t)length) {
    memmove(text + shown.start_length, text + shown.hidden, (size_t)length - shown.hidden);
    memcpy(text, shown.start, shown.start_length);
    return (long)shown.length;
  }
  if (shown.length < size) size = shown.length;
  long result = show_out(text, size, text, (size_t)length, &shown);
  return result < 0 ? result : (long)size;
}

static long call_as(long number, const long *arguments) {
  int to = link_argument(number);
  return to > 0 ? read_link(number, arguments, to) : call(number, arguments);
}

/* False: errno says why. */
static bool move(long number, long *arguments, int path, struct place *place) {
  if (!find_place(directory_of(number, arguments, path), (const char *)arguments[path - 1], place))
    return false;
  arguments[path - 1] = (long)place->path;
  return true;
}

__attribute__((noinline)) static long call_moved(long number, long *arguments, int path) {
  SHORT_PLACE(place);
  if (!move(number, arguments, path, &place)) return -last_error();
  long result = call_as(number, arguments);
  leave_place(&place);
  return result;
}

__attribute__((noinline)) static long call_twice_moved(long number, long *arguments, int first, int second) {
  SHORT_PLACE(place);
  if (!move(number, arguments, first, &place)) return -last_error();
  long result = call_moved(number, arguments, second);
  leave_place(&place);
  return result;
}

/* A call that only asks for permissions has not been refused anything. */
static bool only_asks(long number) {
#ifdef SYS_access
  if (number == SYS_access) return true;
#endif
#ifdef SYS_faccessat2
  if (number == SYS_faccessat2) return true;
#endif
  return number == SYS_faccessat;
}

static bool is_concerned(long number, const long *arguments, int path) {
  return is_remapped(directory_of(number, arguments, path), (const char *)arguments[path - 1]);
}

long call_remapped(long number, long a, long b, long c, long d, long e, long f) {
  long arguments[ARGUMENTS] = {a, b, c, d, e, f};
  if (!remap_value()) return returned(call(number, arguments));
  for (size_t i = 0; i < sizeof with_paths / sizeof *with_paths; i++) {
    if (with_paths[i].number != number) continue;
    int first = with_paths[i].first;
    int second = with_paths[i].second;
    /* A link's target is a path if it begins with a slash, and plain text otherwise. */
    if (makes_link(number) && a && can_read((const char *)a, 1) && *(const char *)a == '/') second = 1;
    bool other = second && is_concerned(number, arguments, second);
    TRACE("system call %d(%s): remapped: %d", (int)number, (const char *)arguments[first - 1],
          other || is_concerned(number, arguments, first));
    if (other) return returned(call_twice_moved(number, arguments, first, second));
    if (is_concerned(number, arguments, first)) return returned(call_moved(number, arguments, first));
    long result = call_as(number, arguments);
    if ((result == -EROFS || result == -EACCES) && !only_asks(number))
      note_denied(directory_of(number, arguments, first), (const char *)arguments[first - 1], (int)-result);
    return returned(result);
  }
  return returned(call(number, arguments));
}
