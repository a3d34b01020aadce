/* Copies of a descriptor get the marks of the original. */
#include <fcntl.h>

#include "close.h"
#include "libc.h"
#include "marks.h"
#include "monitor.h"

static int copied(int from, long to) {
  if (to >= 0) {
    marks_clear((int)to);
    marks_copy(from, (int)to);
  }
  return (int)returned(to);
}

/*
 * Everything but F_DUPFD is passed to libc: its fcntl() is a cancellation point, and F_GETOWN is not the
 * plain system call.
 */
static int on_fcntl(int fd, int command, long argument) {
  if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) return copied(fd, next(fcntl, fd, command, argument));
  int (*real)(int, int, long) = LIBC(int (*)(int, int, long), fcntl);
  return real ? real(fd, command, argument) : (int)returned(raw(SYS_fcntl, fd, command, argument));
}

EXPORT int dup(int fd) { return copied(fd, next(dup, fd)); }
EXPORT int dup2(int from, int to) { return on_dup2(from, to); }
EXPORT int __dup2(int from, int to) { return on_dup2(from, to); }
EXPORT int dup3(int from, int to, int flags) { return on_dup3(from, to, flags); }

/* Variadic in the headers; on both machines the third argument travels in the same register either way. */
EXPORT int boxer_fcntl(int fd, int command, long argument) __asm__("fcntl");
EXPORT int boxer_fcntl(int fd, int command, long argument) { return on_fcntl(fd, command, argument); }
EXPORT int __fcntl(int fd, int command, long argument) { return on_fcntl(fd, command, argument); }
EXPORT int fcntl64(int fd, int command, long argument) { return on_fcntl(fd, command, argument); }
