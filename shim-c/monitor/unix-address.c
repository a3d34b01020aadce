/*
 * Addresses of Unix sockets with remapped paths. The real path may be longer than an address can hold. Then
 * the address leads through a descriptor that the monitor opens for that moment.
 */
#include "unix-address.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/un.h>

#include "address.h"
#include "config.h"
#include "monitor.h"
#include "place.h"
#include "reading.h"
#include "shown.h"
#include "text.h"

#ifndef O_PATH
#define O_PATH 010000000 /* declared for _GNU_SOURCE only */
#endif
#define HEADER offsetof(struct sockaddr_un, sun_path)
#define PATH_ROOM sizeof(((struct sockaddr_un *)0)->sun_path)

/* A terminating NUL is optional in such an address. */
static bool path_of(const struct sockaddr *address, socklen_t length, char path[PATH_ROOM + 1]) {
  if (!remap_value() || length <= HEADER || length > sizeof(struct sockaddr_un) || !can_read(address, length))
    return false;
  if (address->sa_family != AF_UNIX) return false;
  memcpy(path, (const char *)address + HEADER, length - HEADER);
  path[length - HEADER] = 0;
  return path[0] != 0;
}

__attribute__((noinline)) bool is_moved_unix(const struct sockaddr *address, socklen_t length) {
  char path[PATH_ROOM + 1];
  return path_of(address, length, path) && is_remapped(AT_FDCWD, path);
}

static size_t put_number(char *to, unsigned value) {
  char digits[12];
  size_t count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  for (size_t i = 0; i < count; i++) to[i] = digits[count - i - 1];
  to[count] = 0;
  return count;
}

static void set_path(struct unix_place *place, const char *path) {
  size_t size = strlen(path) + 1;
  if (size > PATH_ROOM) size = PATH_ROOM;
  memcpy((char *)&place->address + HEADER, path, size);
  place->length = (socklen_t)(HEADER + size);
}

/* "/proc/self/fd/<fd>", and then `rest`, which is short. */
static void set_descriptor_path(struct unix_place *place, const char *rest) {
  char path[PATH_ROOM] = "/proc/self/fd/";
  size_t length = sizeof "/proc/self/fd/" - 1;
  length += put_number(path + length, (unsigned)place->fd);
  copy_text(path + length, sizeof path - length, rest);
  set_path(place, path);
}

/* The descriptor never is one of the guest's standard streams. */
static int open_high(const char *path, int flags) {
  int fd = (int)raw(SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC | flags);
  if (fd < 0 || fd > 2) return fd;
  int high = (int)raw(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
  raw(SYS_close, fd);
  return high;
}

/* Makes the address lead to an existing socket through a descriptor. */
static long lead_to(struct unix_place *place, const char *path) {
  place->fd = open_high(path, 0);
  if (place->fd >= 0) set_descriptor_path(place, "");
  return place->fd < 0 ? place->fd : 0;
}

/* A new socket first gets a short name in its folder; settle_unix() gives it its own name. */
static long lead_to_folder(struct unix_place *place, char *path) {
  static _Atomic unsigned turn;
  size_t name = strlen(path);
  while (name > 0 && path[name - 1] != '/') name--;
  if (strlen(path + name) >= sizeof place->name || name < 2) return -ENAMETOOLONG;
  memcpy(place->name, path + name, strlen(path + name) + 1);
  path[name - 1] = 0;
  place->fd = open_high(path, O_DIRECTORY);
  if (place->fd < 0) return place->fd;
  if (raw(SYS_faccessat, place->fd, place->name, 0) == 0) return -EADDRINUSE;
  size_t length = sizeof "/.boxer-" - 1;
  memcpy(place->short_name, "/.boxer-", length + 1);
  length += put_number(place->short_name + length, (unsigned)raw(SYS_getpid));
  place->short_name[length++] = '-';
  put_number(place->short_name + length, atomic_fetch_add(&turn, 1));
  set_descriptor_path(place, place->short_name);
  return 0;
}

static bool find(struct unix_place *place, const struct sockaddr *address, socklen_t length, bool is_new) {
  char path[PATH_ROOM + 1];
  CLAIMED_PLACE(there);
  *place = (struct unix_place){.fd = -1};
  place->address.any.sa_family = AF_UNIX;
  if (!path_of(address, length, path)) return fail(EFAULT), false;
  if (!find_place(AT_FDCWD, path, &there)) return false;
  size_t needed = strlen(there.path);
  long error = 0;
  if (needed <= PATH_ROOM || there.path == path)
    set_path(place, there.path);
  else
    error = is_new ? lead_to_folder(place, there.text) : lead_to(place, there.path);
  leave_place(&there);
  if (error == 0) return true;
  leave_unix_place(place);
  return fail((int)-error), false;
}

__attribute__((noinline)) bool find_unix_place(struct unix_place *place, const struct sockaddr *address,
                                               socklen_t length) {
  return find(place, address, length, false);
}

__attribute__((noinline)) bool find_new_unix_place(struct unix_place *place, const struct sockaddr *address,
                                                   socklen_t length) {
  return find(place, address, length, true);
}

long settle_unix(const struct unix_place *place) {
  if (place->fd < 0 || !place->name[0]) return 0;
  return raw(SYS_renameat2, place->fd, place->short_name + 1, place->fd, place->name, 0);
}

void leave_unix_place(const struct unix_place *place) {
  if (place->fd >= 0) raw(SYS_close, place->fd);
}

bool visible_unix(union address *address, socklen_t *length) {
  struct shown shown;
  char *path = (char *)address + HEADER;
  if (!remap_value() || *length <= HEADER || *length > sizeof *address - 1 ||
      address->any.sa_family != AF_UNIX)
    return false;
  size_t size = *length - HEADER;
  path[size] = 0;
  size = strlen(path);
  if (!find_shown(path, size, &shown) || shown.length > PATH_ROOM) return false;
  show(path, size, &shown);
  *length = (socklen_t)(HEADER + shown.length + 1);
  return true;
}
