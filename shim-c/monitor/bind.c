/*
 * bind(). For the kernel the node's overlay address is the node's own address, so 127.0.0.1 stays a different
 * address. On a node with several addresses it is the wildcard, which stands for all of them.
 */
#include "bind.h"

#include "address.h"
#include "carried.h"
#include "config.h"
#include "libc.h"
#include "marks.h"
#include "monitor.h"
#include "nodes.h"
#include "reading.h"
#include "socket.h"
#include "trace.h"
#include "unix-address.h"

static long bind_to(int fd, int family, struct boxer_endpoint *endpoint, uint32_t ip) {
  union address address;
  set_endpoint_ip(endpoint, ip);
  socklen_t length = as_family(family, endpoint, &address);
  return next(bind, fd, &address, length);
}

static const uint8_t loopback[4] = {127, 0, 0, 1};
static const uint8_t shadow[4] = SHADOW_ADDRESS;

/*
 * Whether a socket of the guest is bound to the wildcard in place of the overlay address, and no socket has
 * 127.0.0.1 yet.
 */
static bool holds_wildcard(uint16_t port) {
  struct boxer_endpoint local;
  bool holds = false;
  for (int fd = 0; fd < marked_limit(); fd++) {
    unsigned marks = never_marked(fd) ? 0 : marks_of(fd);
    if (marks & MARK_SHADOWED && marked_port(fd) == port) return false;
    if (marks & MARK_OVERLAY_BOUND && kernel_name(fd, SYS_getsockname, &local) && local.port == port)
      holds = holds || endpoint_ip(&local) == 0;
  }
  return holds;
}

/*
 * A guest binds one socket to its address and then another one to 127.0.0.1. Without the monitor they do not
 * collide. The first one is bound to the wildcard and serves 127.0.0.1 as well, so the second one may be
 * bound anywhere.
 */
static long bind_shadowed(int fd, int family, const struct boxer_endpoint *local) {
  if (memcmp(local->address, loopback, sizeof loopback) != 0 || !holds_wildcard(local->port))
    return -EADDRINUSE;
  uint32_t ip;
  struct boxer_endpoint elsewhere = {0};
  memcpy(&ip, shadow, sizeof ip);
  long result = bind_to(fd, family, &elsewhere, ip);
  if (result == 0) carry_mark(fd, MARK_SHADOWED, local->port);
  return result;
}

__attribute__((noinline)) static int bind_unix(int fd, const struct sockaddr *address, socklen_t length) {
  struct unix_place place;
  if (!find_new_unix_place(&place, address, length)) return -1;
  long result = next(bind, fd, &place.address, place.length);
  if (result == 0) result = settle_unix(&place);
  leave_unix_place(&place);
  return (int)returned(result);
}

int on_bind(int fd, const struct sockaddr *address, socklen_t length) {
  struct boxer_endpoint local;
  if (!any_config() || !can_read(address, length)) return (int)returned(next(bind, fd, address, length));
  if (is_moved_unix(address, length)) return bind_unix(fd, address, length);
  bool ours = network_config() && as_ipv4(address, length, &local);
  if (!ours || !in_overlay(endpoint_ip(&local))) {
    long result = next(bind, fd, address, length);
    TRACE("bind(%d): no overlay address, passed to the kernel", fd);
    if (result == -EADDRINUSE && ours) result = bind_shadowed(fd, address->sa_family, &local);
    return (int)returned(result);
  }

  /*
   * The address is not this host's: the kernel fails with EADDRNOTAVAIL, or with an error that takes
   * precedence.
   */
  if (endpoint_ip(&local) != self_overlay()) return (int)returned(next(bind, fd, address, length));
  TRACE("bind(%d, %a): the overlay address is replaced by the kernel's", fd, &local);
  int family = address->sa_family;
  uint32_t bound = self_bound();
  long result = bind_to(fd, family, &local, bound);
  if (bound) return (int)returned(result);
  /* Another socket of the guest has the port on a single address, say 127.0.0.1. */
  if (result == -EADDRINUSE && self_underlay()) result = bind_to(fd, family, &local, self_underlay());
  if (result == 0) carry_mark(fd, MARK_OVERLAY_BOUND, 0);
  return (int)returned(result);
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t length) {
  return on_bind(fd, address, length);
}
