/* What the kernel knows about a socket. */
#include "socket.h"

#include <sys/stat.h>

#include "address.h"
#include "monitor.h"

uint64_t socket_inode(int fd) {
  struct stat found;
  return raw(SYS_fstat, fd, &found) == 0 ? (uint64_t)found.st_ino : 0;
}

int socket_option(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return raw(SYS_getsockopt, fd, level, option, &value, &size) < 0 ? -1 : value;
}

int kernel_name(int fd, long call, struct boxer_endpoint *endpoint) {
  union address address;
  socklen_t length = sizeof address;
  if (raw(call, fd, &address, &length) < 0) return 0;
  return as_ipv4_or_any(&address.any, length, endpoint) ? address.any.sa_family : 0;
}
