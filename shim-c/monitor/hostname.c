/* gethostname() and uname(): the node's name in the overlay. */
#include <sys/utsname.h>

#include "libc.h"
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

/* As glibc: what fits is copied, and an error says that it was not all. */
static int on_gethostname(char *name, size_t room) {
  struct utsname system;
  int (*hook)(char *, size_t) = hook_behind(LIBC_gethostname);
  if (hook && hook(name, room) < 0) return -1;
  char host[BOXER_NAME_MAX];
  const char *found = host;
  if (!network_config() || !overlay_hostname(host)) {
    if (hook) return 0;
    long result = raw(SYS_uname, &system);
    if (result < 0) return (int)returned(result);
    found = system.nodename;
  }
  size_t length = strlen(found) + 1;
  memcpy(name, found, length < room ? length : room);
  return length > room ? fail(ENAMETOOLONG) : 0;
}

EXPORT int uname(struct utsname *name) { return on_uname(name); }
EXPORT int gethostname(char *name, size_t room) { return on_gethostname(name, room); }
