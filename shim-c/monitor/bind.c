/* bind(): the node's overlay address is the wildcard in the kernel's eyes. */
#include "monitor.h"

static long bind_to(int fd, int family, struct boxer_endpoint *endpoint, uint32_t ip) {
  union address address;
  set_endpoint_ip(endpoint, ip);
  socklen_t length = as_family(family, endpoint, &address);
  return raw(SYS_bind, fd, &address, length);
}

int on_bind(int fd, const struct sockaddr *address, socklen_t length) {
  struct boxer_endpoint local;
  if (!any_config()) return (int)returned(raw(SYS_bind, fd, address, length));
  if (address && length > sizeof(sa_family_t) && address->sa_family == AF_UNIX && remap_value()) {
    union address room;
    length = remapped_unix(address, length, &room);
    return (int)returned(raw(SYS_bind, fd, &room, length));
  }
  if (!network_config() || !as_ipv4(address, length, &local) || !in_overlay(endpoint_ip(&local)))
    return (int)returned(raw(SYS_bind, fd, address, length));

  if (endpoint_ip(&local) != self_overlay()) return fail(EADDRNOTAVAIL);
  int family = address->sa_family;
  long result = bind_to(fd, family, &local, 0);
  /* Another socket of the guest has the port on a single address, say 127.0.0.1. */
  if (result == -EADDRINUSE && self_underlay()) result = bind_to(fd, family, &local, self_underlay());
  if (result == 0) mark(fd, MARK_OVERLAY_BOUND);
  return (int)returned(result);
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t length) { return on_bind(fd, address, length); }
