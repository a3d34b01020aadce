/* gethostname() and uname(): the node's name in the overlay. */
#include "hostname.h"

#include <sys/utsname.h>

#include "config.h"
#include "libc.h"
#include "lookup.h"
#include "monitor.h"

int on_uname(struct utsname *name) {
  long result = next(uname, name);
  char host[BOXER_NAME_MAX];
  if (result == 0 && network_config() && overlay_hostname(host)) {
    host[sizeof name->nodename - 1] = 0;
    memcpy(name->nodename, host, strlen(host) + 1);
  }
  return (int)returned(result);
}

/* As in glibc: as much as fits is copied, and an error says that the name was cut. */
static int give_name(const char *found, char *name, size_t room) {
  size_t length = strlen(found) + 1;
  memcpy(name, found, length < room ? length : room);
  return length > room ? fail(ENAMETOOLONG) : 0;
}

__attribute__((noinline)) static int kernel_hostname(char *name, size_t room) {
  struct utsname system;
  long result = raw(SYS_uname, &system);
  return result < 0 ? (int)returned(result) : give_name(system.nodename, name, room);
}

__attribute__((noinline)) static bool node_hostname(char *name, size_t room, int *result) {
  char host[BOXER_NAME_MAX];
  if (!network_config() || !overlay_hostname(host)) return false;
  *result = give_name(host, name, room);
  return true;
}

static int on_gethostname(char *name, size_t room) {
  int (*hook)(char *, size_t) = hook_behind(LIBC_gethostname);
  if (hook && hook(name, room) < 0) return -1;
  int result;
  if (node_hostname(name, room, &result)) return result;
  return hook ? 0 : kernel_hostname(name, room);
}

EXPORT int uname(struct utsname *name) { return on_uname(name); }
EXPORT int gethostname(char *name, size_t room) { return on_gethostname(name, room); }
