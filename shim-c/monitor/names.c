/* getsockname() and getpeername(): the kernel's answer with overlay addresses for this node and others. */
#include "names.h"

#include "address.h"
#include "carried.h"
#include "config.h"
#include "known-names.h"
#include "libc.h"
#include "marks.h"
#include "monitor.h"
#include "nodes.h"
#include "permitted.h"
#include "reading.h"
#include "request.h"
#include "socket.h"
#include "trace.h"
#include "unix-address.h"

static bool ask_names_of(int fd, uint32_t self, struct boxer_request *request, struct boxer_reply *reply) {
  request->operation = BOXER_NAMES_OF;
  request->inode = socket_inode(fd);
  if (known_names(request->inode, &reply->local, &reply->peer)) {
    TRACE("names of %d: remembered", fd);
    return true;
  }
  TRACE("names of %d: asks the supervisor", fd);
  int error = service_request(request, reply, NULL, PROMPT, NULL);
  if (error != 0 || (reply->error != 0 && reply->error != ENOENT)) return false;
  if (reply->error == ENOENT) {
    /* A connection with a host outside the overlay is remembered, too. */
    reply->local = request->local;
    reply->peer = request->peer;
    if (!is_loopback(endpoint_ip(&reply->local))) set_endpoint_ip(&reply->local, self);
  }
  remember_names(request->inode, &reply->local, &reply->peer);
  return true;
}

__attribute__((noinline)) static void ask_peer(int fd, uint32_t self, struct boxer_endpoint *peer) {
  struct boxer_request request = {.peer = *peer};
  struct boxer_reply reply;
  request.family = (uint16_t)kernel_name(fd, SYS_getsockname, &request.local);
  if (ask_names_of(fd, self, &request, &reply)) *peer = reply.peer;
}

void overlay_peer(int fd, struct boxer_endpoint *peer) {
  uint32_t self = self_overlay();
  if (!self) return;
  uint32_t ip = endpoint_ip(peer);
  uint32_t known = ip == self_underlay() ? self : overlay_of_direct(ip);
  if (known) {
    set_endpoint_ip(peer, known);
    return;
  }
  if (may_look()) ask_peer(fd, self, peer);
}

/*
 * A signal connection that was accepted unseen by the monitor (io_uring): the supervisor knows what it stands
 * for.
 */
static bool is_signal(int fd, const struct boxer_endpoint *local) {
  struct boxer_endpoint peer;
  return is_loopback(endpoint_ip(local)) && kernel_name(fd, SYS_getpeername, &peer) &&
         is_signal_source(endpoint_ip(&peer));
}

/*
 * Whether this process knows nothing about the connection, because another program has accepted it (exec,
 * SCM_RIGHTS). A connection with a node that is reached directly is the kernel's own, unless that node had to
 * punch its way here.
 */
static bool is_strange(int fd) {
  struct boxer_endpoint peer;
  if (!kernel_name(fd, SYS_getpeername, &peer)) return false;
  uint32_t ip = endpoint_ip(&peer);
  return !is_loopback(ip) && ip != self_underlay() && !(overlay_of_direct(ip) && self_is_direct());
}

/* A function of its own, so that callers that do not ask do not need its stack. */
__attribute__((noinline)) static bool ask_local(int fd, uint32_t self, struct boxer_endpoint *local) {
  struct boxer_request request = {.local = *local};
  struct boxer_reply reply;
  request.family = (uint16_t)kernel_name(fd, SYS_getpeername, &request.peer);
  /* A connect() that has not succeeded, or a connection that has ended, has no peer to ask with. */
  if (!request.family || !ask_names_of(fd, self, &request, &reply)) return false;
  *local = reply.local;
  return true;
}

static void overlay_local(int fd, unsigned marks, struct boxer_endpoint *local) {
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  if (marks & MARK_SHADOWED) {
    memcpy(local->address, loopback, sizeof loopback);
    local->port = marked_port(fd);
    return;
  }
  uint32_t self = self_overlay();
  uint32_t ip = endpoint_ip(local);
  if (!self || local->port == 0) return;
  if ((marks & MARK_ARRANGED || is_signal(fd, local) || (!is_loopback(ip) && is_strange(fd))) &&
      ask_local(fd, self, local))
    return;
  bool ours = ip == 0 ? marks & MARK_OVERLAY_BOUND : !is_loopback(ip) || marks & MARK_ARRANGED;
  if (ours) set_endpoint_ip(local, self);
}

static void overlay_of(int fd, long call, unsigned marks, struct boxer_endpoint *endpoint) {
  uint32_t ip = endpoint_ip(endpoint);
  if (call == SYS_getsockname)
    overlay_local(fd, marks ? marks : adopt_carried_marks(fd, ip), endpoint);
  else if (!is_loopback(ip) || marks & MARK_ARRANGED || is_signal_source(ip))
    overlay_peer(fd, endpoint);
}

static long next_name(int fd, long call, struct sockaddr *address, socklen_t *room) {
  return call == SYS_getsockname ? next(getsockname, fd, address, room)
                                 : next(getpeername, fd, address, room);
}

/*
 * The kernel writes its answer to the guest's memory first, and so judges wrong pointers. The overlay's
 * answer may then overwrite it.
 */
static int on_name(int fd, long call, struct sockaddr *address, socklen_t *room) {
  if (!any_config() || !may_look() || !can_read_int(room))
    return (int)returned(next_name(fd, call, address, room));
  socklen_t given = *room;
  long result = next_name(fd, call, address, room);
  union address answer;
  socklen_t length = sizeof answer;
  struct boxer_endpoint endpoint;
  if (result < 0 || raw(call, fd, &answer, &length) < 0) return (int)returned(result);
  if (visible_unix(&answer, &length)) {
    *room = given;
    copy_address(&answer, length, address, room);
    return 0;
  }
  if (!as_ipv4_or_any(&answer.any, length, &endpoint)) return 0;
  struct boxer_endpoint overlay = endpoint;
  unsigned marks = marks_of(fd);
  overlay_of(fd, call, marks, &overlay);
  if (!(marks & MARK_MAPPED) && memcmp(&overlay, &endpoint, sizeof overlay) == 0) return 0;
  length = as_family(marks & MARK_MAPPED ? AF_INET6 : answer.any.sa_family, &overlay, &answer);
  *room = given;
  copy_address(&answer, length, address, room);
  return 0;
}

int on_getsockname(int fd, struct sockaddr *address, socklen_t *room) {
  return on_name(fd, SYS_getsockname, address, room);
}

int on_getpeername(int fd, struct sockaddr *address, socklen_t *room) {
  return on_name(fd, SYS_getpeername, address, room);
}

EXPORT int getsockname(int fd, struct sockaddr *address, socklen_t *room) {
  return on_getsockname(fd, address, room);
}
EXPORT int getpeername(int fd, struct sockaddr *address, socklen_t *room) {
  return on_getpeername(fd, address, room);
}
