/* BOXER_REMAP: paths that the guest sees at one place and the kernel at another. */
#include <fcntl.h>
#include <sys/un.h>

#include "monitor.h"

/* Skips what does not change a path: repeated slashes and "." components. */
static const char *skip_empty(const char *path) {
  for (;;) {
    while (path[0] == '/' && (path[1] == '/' || path[1] == 0)) path++;
    if (!(path[0] == '/' && path[1] == '.' && (path[2] == '/' || path[2] == 0))) return path;
    path += 2;
  }
}

/* The rest of `path` behind the visible prefix [from, end), NULL when it is not below it. */
static const char *behind(const char *path, const char *from, const char *end) {
  for (;;) {
    path = skip_empty(path);
    while (end > from && end[-1] == '/') end--;
    if (from == end) return *path == 0 || *path == '/' ? path : NULL;
    if (*path == 0 || *path++ != *from++) return NULL;
    while (from < end && *from != '/')
      if (*path == 0 || *path++ != *from++) return NULL;
  }
}

/* Whether the rest of a path leads out of the folder that it starts in: only the file system could tell where to. */
static bool climbs_out(const char *rest) {
  int depth = 0;
  for (const char *next = skip_empty(rest); *next && depth >= 0; next = skip_empty(next)) {
    const char *name = ++next;
    while (*next && *next != '/') next++;
    depth += next - name == 2 && name[0] == '.' && name[1] == '.' ? -1 : 1;
  }
  return depth < 0;
}

/* The directory that a relative path starts from; gives its length, 0 where the kernel does not tell. */
static size_t directory_path(int directory, char room[REMAP_ROOM]) {
  if (directory == AT_FDCWD) {
    long length = raw(SYS_getcwd, room, REMAP_ROOM);
    return length > 1 && room[0] == '/' ? (size_t)length - 1 : 0;
  }
  char link[32] = "/proc/self/fd/";
  size_t at = sizeof "/proc/self/fd/" - 1;
  if (directory < 0) return 0;
  for (int rest = directory, digits = 1; digits; rest /= 10, digits = rest > 0) at++;
  for (int rest = directory, digit = (int)at - 1; digit >= (int)sizeof "/proc/self/fd/" - 1; rest /= 10) link[digit--] = (char)('0' + rest % 10);
  link[at] = 0;
  long length = raw(SYS_readlinkat, AT_FDCWD, link, room, REMAP_ROOM - 1);
  return length > 0 && room[0] == '/' ? (size_t)length : 0;
}

static const char *remapped_absolute(const char *path, char room[REMAP_ROOM]);

/* A relative path is moved when the path that it stands for is: `mkdir -p /run/app` goes there step by step. */
static const char *remapped_relative(int directory, const char *path, char room[REMAP_ROOM]) {
  char whole[REMAP_ROOM];
  size_t length = directory_path(directory, whole);
  size_t size = strlen(path) + 1;
  if (length == 0 || length + 1 + size > sizeof whole) return path;
  whole[length] = '/';
  memcpy(whole + length + 1, path, size);
  const char *there = remapped_absolute(whole, room);
  return there == whole ? path : there;
}

const char *remapped(const char *path, char room[REMAP_ROOM]) { return remapped_at(AT_FDCWD, path, room); }

const char *remapped_at(int directory, const char *path, char room[REMAP_ROOM]) {
  if (!path || !*path || !remap_value()) return path;
  return *path == '/' ? remapped_absolute(path, room) : remapped_relative(directory, path, room);
}

static const char *remapped_absolute(const char *path, char room[REMAP_ROOM]) {
  const char *rule = remap_value();
  if (!rule) return path;
  while (*rule) {
    const char *equals = rule;
    while (*equals && *equals != '=' && *equals != ':') equals++;
    const char *end = equals;
    while (*end && *end != ':') end++;
    const char *rest = *equals == '=' && *rule == '/' ? behind(path, rule, equals) : NULL;
    if (rest && climbs_out(rest)) return path;
    if (rest) {
      size_t length = (size_t)(end - equals - 1);
      if (length + strlen(rest) >= REMAP_ROOM) {
        fail(ENAMETOOLONG);
        return NULL;
      }
      memcpy(room, equals + 1, length);
      memcpy(room + length, rest, strlen(rest) + 1);
      return room;
    }
    rule = *end ? end + 1 : end;
  }
  return path;
}

socklen_t remapped_unix(const struct sockaddr *address, socklen_t length, union address *room) {
  const size_t header = offsetof(struct sockaddr_un, sun_path);
  memset(room, 0, sizeof *room);
  if (length > sizeof *room) length = sizeof *room;
  memcpy(room, address, length);
  if (length <= header) return length;
  /* A terminating NUL is optional in a Unix address. */
  char path[sizeof *room + 1] = {0};
  char moved[REMAP_ROOM];
  memcpy(path, (const char *)address + header, length - header);
  const char *there = remapped(path, moved);
  if (there == path || !there) return length;
  size_t size = strlen(there) + 1;
  if (size > sizeof((struct sockaddr_un *)0)->sun_path) return length;
  memcpy((char *)room + header, there, size);
  return (socklen_t)(header + size);
}
