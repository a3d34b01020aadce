/* accept(): the kernel's; a signal connection is exchanged for the real one that it stands for. */
#include <fcntl.h>

#include "libc.h"
#include "monitor.h"

typedef int accept_function(int, struct sockaddr *, socklen_t *, int);

/* libc's accept4 is a cancellation point, a raw system call would not be. */
static int kernel_accept(int fd, struct sockaddr *address, socklen_t *room, int flags) {
  accept_function *real = LIBC(accept_function *, accept4);
  return real ? real(fd, address, room, flags) : (int)returned(raw(SYS_accept4, fd, address, room, flags));
}

static bool is_nonblocking(int fd) {
  long flags = raw(SYS_fcntl, fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK);
}

/* Makes the received socket what accept4() would have returned, under the number that it would have had. */
static void put_in_place(int listener, int real, int signal, int family, int flags) {
  inherit_options(listener, real);
  long now = raw(SYS_fcntl, real, F_GETFL);
  long wanted = flags & SOCK_NONBLOCK ? now | O_NONBLOCK : now & ~(long)O_NONBLOCK;
  if (now >= 0 && now != wanted) raw(SYS_fcntl, real, F_SETFL, wanted);
  raw(SYS_dup3, real, signal, flags & SOCK_CLOEXEC ? O_CLOEXEC : 0);
  raw(SYS_close, real);
  bool mapped = family == AF_INET6 && socket_option(signal, SOL_SOCKET, SO_DOMAIN) == AF_INET;
  mark(signal, MARK_ARRANGED | (mapped ? MARK_MAPPED : 0));
}

/* The signal connection itself is the connection: the supervisor carries its bytes. */
static void keep(int signal, const struct boxer_reply *reply) {
  mark(signal, MARK_ARRANGED);
  remember_names(socket_inode(signal), &reply->local, &reply->peer);
}

/*
 * Exchanges the signal connection; false when its connection has gone, to another process or altogether. Without a descriptor
 * to ask with, the signal connection is kept unasked: the supervisor sees that it was accepted, and carries its bytes.
 */
static bool exchange(int listener, int signal, struct boxer_endpoint *peer, int family, int flags) {
  struct boxer_request request = {.operation = BOXER_ACCEPT,
                                  .family = (uint16_t)family,
                                  .flags = is_nonblocking(listener) ? BOXER_NONBLOCK : 0,
                                  .inode = socket_inode(listener),
                                  .peer = *peer};
  kernel_name(listener, SYS_getsockname, &request.local);
  struct boxer_reply reply;
  signal_mask old;
  signals_block(&old);
  int real;
  int error = service_request(&request, &reply, &real, PROMPT, NULL);
  bool asked = error != EMFILE && error != ENFILE;
  bool arrived = error == 0 && reply.error == 0;
  if (arrived && real >= 0) {
    put_in_place(listener, real, signal, family, flags);
    remember_names(socket_inode(signal), &reply.local, &reply.peer);
  } else if (arrived) {
    keep(signal, &reply);
  } else if (asked) {
    if (real >= 0) raw(SYS_close, real);
    raw(SYS_close, signal);
  }
  if (arrived) *peer = reply.peer;
  signals_restore(&old);
  return arrived || !asked;
}

int on_accept4(int fd, struct sockaddr *address, socklen_t *room, int flags) {
  if (!network_config() || (address && !readable(fd, room))) return kernel_accept(fd, address, room, flags);
  socklen_t given = address ? *room : 0;
  for (;;) {
    union address from;
    socklen_t length = sizeof from;
    int accepted = kernel_accept(fd, &from.any, &length, flags);
    if (accepted < 0) return accepted;
    struct boxer_endpoint peer;
    if (as_ipv4(&from.any, length, &peer)) {
      if (is_signal_source(endpoint_ip(&peer))) {
        /* Gone: whatever else waits in the queue is next, and an empty queue is the kernel's to report. */
        if (!exchange(fd, accepted, &peer, from.any.sa_family, flags)) continue;
      } else if (address && !is_loopback(endpoint_ip(&peer))) {
        overlay_peer(accepted, &peer);
      }
      length = as_family(from.any.sa_family, &peer, &from);
    }
    if (!address) return accepted;
    /* The kernel finds out whether the guest's pointers are good; where they are not, the connection is lost, as natively. */
    bool good = on_callers_stack(address) && on_callers_stack(room) && (int)given >= 0;
    long result = good ? 0 : raw(SYS_getsockname, accepted, address, room);
    if (result < 0) {
      raw(SYS_close, accepted);
      return (int)returned(result);
    }
    *room = given;
    copy_address(&from, length, address, room);
    return accepted;
  }
}

EXPORT int accept(int fd, struct sockaddr *address, socklen_t *room) { return on_accept4(fd, address, room, 0); }
EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *room, int flags) {
  return on_accept4(fd, address, room, flags);
}
