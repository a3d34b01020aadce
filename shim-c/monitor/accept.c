/* accept() is the kernel's. A signal connection is exchanged for the real connection that it stands for. */
#include "accept.h"

#include <fcntl.h>

#include "address.h"
#include "config.h"
#include "inherit.h"
#include "known-names.h"
#include "libc.h"
#include "marks.h"
#include "monitor.h"
#include "names.h"
#include "nodes.h"
#include "permitted.h"
#include "reading.h"
#include "request.h"
#include "signals.h"
#include "socket.h"
#include "trace.h"
#include "unix-address.h"

typedef int accept_function(int, struct sockaddr *, socklen_t *, int);

#define PLAIN (-1) /* in place of flags: accept(), which is another system call than accept4() */

/* libc's functions are cancellation points; a raw system call would not be one. */
static int kernel_accept(int fd, struct sockaddr *address, socklen_t *room, int flags) {
  int (*plain)(int, struct sockaddr *, socklen_t *) =
      LIBC(int (*)(int, struct sockaddr *, socklen_t *), accept);
  if (flags == PLAIN && plain) return plain(fd, address, room);
  if (flags == PLAIN) flags = 0;
  accept_function *real = LIBC(accept_function *, accept4);
  return real ? real(fd, address, room, flags) : (int)returned(raw(SYS_accept4, fd, address, room, flags));
}

static bool is_nonblocking(int fd) {
  long flags = raw(SYS_fcntl, fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK);
}

/* Makes the received socket what accept4() would have returned, with the number that it would have had. */
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

/* The supervisor's answer about a signal connection. */
struct exchanged {
  bool asked;   /* the supervisor has heard the question */
  bool arrived; /* there is a connection: `real`, or the signal connection itself where that is negative */
  int real;
  struct boxer_endpoint local;
  struct boxer_endpoint peer;
};

/* A function of its own, so that what follows does not need its stack. */
__attribute__((noinline)) static void ask_for_connection(int listener,
                                                         const struct boxer_endpoint *signal_peer, int family,
                                                         struct exchanged *answer) {
  struct boxer_request request = {.operation = BOXER_ACCEPT,
                                  .family = (uint16_t)family,
                                  .flags = is_nonblocking(listener) ? BOXER_NONBLOCK : 0,
                                  .inode = socket_inode(listener),
                                  .peer = *signal_peer};
  kernel_name(listener, SYS_getsockname, &request.local);
  struct boxer_reply reply;
  int error = service_request(&request, &reply, &answer->real, PROMPT, NULL);
  answer->asked = error != EMFILE && error != ENFILE;
  answer->arrived = error == 0 && reply.error == 0;
  if (!answer->arrived) return;
  answer->local = reply.local;
  answer->peer = reply.peer;
}

/*
 * Exchanges the signal connection. Returns false when the real connection has gone, to another process or
 * altogether. Without a descriptor to ask with, or under a filter that forbids to ask, the signal connection
 * is kept: the supervisor sees that it was accepted and carries its bytes.
 */
__attribute__((noinline)) static bool exchange(int listener, int signal, struct boxer_endpoint *peer,
                                               int family, int flags) {
  if (!may_ask()) return true;
  struct exchanged answer;
  signal_mask old;
  signals_block(&old);
  ask_for_connection(listener, peer, family, &answer);
  TRACE("accept(%d) = %d: signal connection; the supervisor was asked: %d, it has the connection: %d",
        listener, signal, answer.asked, answer.arrived);
  if (answer.arrived) {
    if (answer.real >= 0)
      put_in_place(listener, answer.real, signal, family, flags);
    else
      mark(signal, MARK_ARRANGED);
    remember_names(socket_inode(signal), &answer.local, &answer.peer);
    *peer = answer.peer;
  } else if (answer.asked) {
    if (answer.real >= 0) raw(SYS_close, answer.real);
    raw(SYS_close, signal);
  }
  signals_restore(&old);
  return answer.arrived || !answer.asked;
}

static int accepted_by(int fd, struct sockaddr *address, socklen_t *room, int flags) {
  if (!any_config() || (address && !can_read_int(room))) return kernel_accept(fd, address, room, flags);
  socklen_t given = address ? *room : 0;
  for (;;) {
    union address from;
    socklen_t length = sizeof from;
    int accepted = kernel_accept(fd, &from.any, &length, flags);
    if (accepted < 0) return accepted;
    struct boxer_endpoint peer;
    if (as_ipv4(&from.any, length, &peer)) {
      if (is_signal_source(endpoint_ip(&peer))) {
        /*
         * The connection has gone. The next one in the queue is accepted; the kernel reports an empty queue.
         */
        if (!exchange(fd, accepted, &peer, from.any.sa_family, flags == PLAIN ? 0 : flags)) continue;
      } else if (address && !is_loopback(endpoint_ip(&peer))) {
        overlay_peer(accepted, &peer);
      }
      length = as_family(from.any.sa_family, &peer, &from);
    } else {
      visible_unix(&from, &length);
    }
    if (!address) return accepted;
    /*
     * The kernel finds out whether the guest's pointers are good. Where they are not, the connection is lost,
     * as without the monitor.
     */
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

int on_accept(int fd, struct sockaddr *address, socklen_t *room) {
  return accepted_by(fd, address, room, PLAIN);
}

/* As flags, the kernel refuses the value of PLAIN. */
int on_accept4(int fd, struct sockaddr *address, socklen_t *room, int flags) {
  return flags == PLAIN ? fail(EINVAL) : accepted_by(fd, address, room, flags);
}

EXPORT int accept(int fd, struct sockaddr *address, socklen_t *room) { return on_accept(fd, address, room); }
EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *room, int flags) {
  return on_accept4(fd, address, room, flags);
}
