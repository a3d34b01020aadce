/*
 * The names under which _FORTIFY_SOURCE makes calls whose buffer size the compiler knows. Those of open() are
 * in open.c.
 */
#include "fortified.h"

#include <limits.h>
#include <sys/types.h>

#include "libc.h"
#include "monitor.h"

void check_room(size_t size, size_t room) {
  if (size <= room) return;
  void (*overflow)(void) = LIBC(void (*)(void), __chk_fail);
  if (overflow) overflow();
  raw(SYS_exit_group, 127);
}

char *getcwd(char *to, size_t size);
int gethostname(char *name, size_t room);
ssize_t readlink(const char *path, char *to, size_t size);
ssize_t readlinkat(int directory, const char *path, char *to, size_t size);

EXPORT int __gethostname_chk(char *name, size_t size, size_t room) {
  check_room(size, room);
  return gethostname(name, size);
}

EXPORT char *__getcwd_chk(char *to, size_t size, size_t room) {
  check_room(size, room);
  return getcwd(to, size);
}

EXPORT char *__getwd_chk(char *to, size_t room) {
  char *found = getcwd(to, room < PATH_MAX ? room : PATH_MAX);
  if (!found && last_error() == ERANGE) check_room(PATH_MAX, room);
  return found;
}

EXPORT ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room) {
  check_room(size, room);
  return readlink(path, to, size);
}

EXPORT ssize_t __readlinkat_chk(int directory, const char *path, char *to, size_t size, size_t room) {
  check_room(size, room);
  return readlinkat(directory, path, to, size);
}
