/* connect(). The guest's own socket is always connected by the kernel; only the address may differ. */
#include "connect.h"

#include "address.h"
#include "arranged.h"
#include "config.h"
#include "kernel-connect.h"
#include "known-names.h"
#include "monitor.h"
#include "nodes.h"
#include "permitted.h"
#include "reading.h"
#include "socket.h"
#include "trace.h"
#include "unix-address.h"

__attribute__((noinline)) static int connect_unix(int fd, const struct sockaddr *address, socklen_t length) {
  struct unix_place place;
  if (!find_unix_place(&place, address, length)) return -1;
  int result = kernel_connect(fd, &place.address.any, place.length);
  TRACE("connect(%d): Unix socket in a remapped folder", fd);
  leave_unix_place(&place);
  return result;
}

int on_connect(int fd, const struct sockaddr *address, socklen_t length) {
  if (!any_config() || !can_read(address, length)) return kernel_connect(fd, address, length);
  struct boxer_endpoint peer;
  uint32_t there;
  /* The socket may be connecting to another peer than before. */
  if (may_look()) forget_names(socket_inode(fd));
  if (!as_ipv4(address, length, &peer)) {
    if (is_moved_unix(address, length)) return connect_unix(fd, address, length);
    TRACE("connect(%d): no IPv4 address, passed to the kernel", fd);
    return kernel_connect(fd, address, length);
  }
  switch (network_config() ? destination_of(endpoint_ip(&peer), &there) : OUTSIDE) {
    case OUTSIDE:
      TRACE("connect(%d, %a): outside the overlay, passed to the kernel", fd, &peer);
      return kernel_connect(fd, address, length);
    case UNREACHABLE:
      TRACE("connect(%d, %a): refused, there is no supervisor", fd, &peer);
      return fail(ENETUNREACH);
    case OWN:
    case DIRECT:
      TRACE("connect(%d, %a): own or direct node", fd, &peer);
      set_endpoint_ip(&peer, there);
      TRACE("connect(%d, %a): passed to the kernel", fd, &peer);
      return kernel_connect_to(fd, address->sa_family, &peer);
    case ASK:
      break;
  }
  if (!may_ask()) {
    TRACE("connect(%d, %a): refused, a seccomp filter forbids to ask the supervisor", fd, &peer);
    return fail(ENETUNREACH);
  }
  int type = 0;
  socklen_t size = sizeof type;
  long result = raw(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size);
  if (result < 0) return (int)returned(result);
  /* The overlay does not carry datagrams, and they must not leave by the default route. */
  if (type != SOCK_STREAM) {
    TRACE("connect(%d, %a): refused, datagrams have no way to this node", fd, &peer);
    return fail(EHOSTUNREACH);
  }
  TRACE("connect(%d, %a): asks the supervisor", fd, &peer);
  return connect_arranged(fd, address->sa_family, &peer);
}

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t length) {
  return on_connect(fd, address, length);
}
EXPORT int __connect(int fd, const struct sockaddr *address, socklen_t length) {
  return on_connect(fd, address, length);
}
