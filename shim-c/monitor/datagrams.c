/*
 * sendto() and its kin, where they carry an address. Without an address, as on every connection, the first
 * comparison ends the look. Three cases matter: datagrams, which must not leave for an overlay address by the
 * default route; TCP Fast Open, which connects; and paths of Unix sockets.
 */
#define _GNU_SOURCE
#include "datagrams.h"

#include "address.h"
#include "config.h"
#include "connect.h"
#include "libc.h"
#include "monitor.h"
#include "nodes.h"
#include "reading.h"
#include "socket.h"
#include "trace.h"
#include "unix-address.h"

enum way { AS_IT_IS, ELSEWHERE, CONNECT_FIRST, REFUSED, TO_PATH };

/*
 * Decides what to do with a message for this address. Sets `to` and `length` for ELSEWHERE, and errno for
 * REFUSED.
 */
static enum way way_to(int fd, int flags, const struct sockaddr *address, socklen_t *length,
                       union address *to) {
  struct boxer_endpoint peer;
  uint32_t there;
  if (!can_read(address, *length)) return AS_IT_IS;
  if (is_moved_unix(address, *length)) return TO_PATH;
  if (!network_config() || !as_ipv4(address, *length, &peer)) return AS_IT_IS;
  enum destination destination = destination_of(endpoint_ip(&peer), &there);
  if (destination == OUTSIDE) return AS_IT_IS;
  int type = socket_option(fd, SOL_SOCKET, SO_TYPE);
  /* The kernel ignores the address of a connected stream. */
  if (type < 0 || (type == SOCK_STREAM && !(flags & MSG_FASTOPEN))) return AS_IT_IS;
  TRACE("sendto(%d, %a): overlay address, destination %d", fd, &peer, (int)destination);
  if (destination == ASK && type == SOCK_STREAM) return CONNECT_FIRST;
  if (destination == ASK || destination == UNREACHABLE) {
    fail(destination == ASK ? EHOSTUNREACH : ENETUNREACH);
    return REFUSED;
  }
  set_endpoint_ip(&peer, there);
  *length = as_family(address->sa_family, &peer, to);
  return ELSEWHERE;
}

typedef ssize_t sendto_function(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
typedef ssize_t sendmsg_function(int, const struct msghdr *, int);
typedef int sendmmsg_function(int, struct mmsghdr *, unsigned, int);

/* libc's functions are cancellation points. */
static ssize_t kernel_sendto(int fd, const void *bytes, size_t size, int flags,
                             const struct sockaddr *address, socklen_t length) {
  sendto_function *real = LIBC(sendto_function *, sendto);
  return real ? real(fd, bytes, size, flags, address, length)
              : returned(raw(SYS_sendto, fd, bytes, size, flags, address, length));
}

static ssize_t kernel_sendmsg(int fd, const struct msghdr *message, int flags) {
  sendmsg_function *real = LIBC(sendmsg_function *, sendmsg);
  return real ? real(fd, message, flags) : returned(raw(SYS_sendmsg, fd, message, flags));
}

__attribute__((noinline)) static ssize_t send_to_path(int fd, const void *bytes, size_t size, int flags,
                                                      const struct sockaddr *address, socklen_t length) {
  struct unix_place place;
  if (!find_unix_place(&place, address, length)) return -1;
  ssize_t sent = kernel_sendto(fd, bytes, size, flags, &place.address.any, place.length);
  leave_unix_place(&place);
  return sent;
}

/* Decides what to do with bytes for an address. For ELSEWHERE they are sent already. */
__attribute__((noinline)) static enum way sendto_elsewhere(int fd, const void *bytes, size_t size, int flags,
                                                           const struct sockaddr *address, socklen_t length,
                                                           ssize_t *sent) {
  union address to;
  enum way way = way_to(fd, flags, address, &length, &to);
  if (way == ELSEWHERE) *sent = kernel_sendto(fd, bytes, size, flags, &to.any, length);
  return way;
}

ssize_t on_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address,
                  socklen_t length) {
  ssize_t sent = -1;
  if (!address) return kernel_sendto(fd, bytes, size, flags, address, length);
  switch (sendto_elsewhere(fd, bytes, size, flags, address, length, &sent)) {
    case AS_IT_IS:
      return kernel_sendto(fd, bytes, size, flags, address, length);
    case TO_PATH:
      return send_to_path(fd, bytes, size, flags, address, length);
    case CONNECT_FIRST: /* as Fast Open does for a peer without a cookie */
      if (on_connect(fd, address, length) < 0) return -1;
      return kernel_sendto(fd, bytes, size, flags & ~MSG_FASTOPEN, NULL, 0);
    default:
      return sent;
  }
}

__attribute__((noinline)) static ssize_t sendmsg_to(int fd, const struct msghdr *message, int flags,
                                                    const struct sockaddr *address, socklen_t length) {
  struct msghdr other = *message;
  other.msg_name = (void *)(uintptr_t)address;
  other.msg_namelen = length;
  return kernel_sendmsg(fd, &other, flags);
}

__attribute__((noinline)) static ssize_t sendmsg_to_path(int fd, const struct msghdr *message, int flags) {
  struct unix_place place;
  if (!find_unix_place(&place, message->msg_name, message->msg_namelen)) return -1;
  ssize_t sent = sendmsg_to(fd, message, flags, &place.address.any, place.length);
  leave_unix_place(&place);
  return sent;
}

static bool has_name(const struct msghdr *message) {
  return can_read(message, sizeof *message) && message->msg_name;
}

/* Decides what to do with a message that has an address. For ELSEWHERE it is sent already. */
__attribute__((noinline)) static enum way send_elsewhere(int fd, const struct msghdr *message, int flags,
                                                         ssize_t *sent) {
  union address to;
  socklen_t length = message->msg_namelen;
  enum way way = way_to(fd, flags, message->msg_name, &length, &to);
  if (way == ELSEWHERE) *sent = sendmsg_to(fd, message, flags, &to.any, length);
  return way;
}

ssize_t on_sendmsg(int fd, const struct msghdr *message, int flags) {
  ssize_t sent = -1;
  if (!message || !has_name(message)) return kernel_sendmsg(fd, message, flags);
  switch (send_elsewhere(fd, message, flags, &sent)) {
    case AS_IT_IS:
      return kernel_sendmsg(fd, message, flags);
    case TO_PATH:
      return sendmsg_to_path(fd, message, flags);
    case CONNECT_FIRST:
      if (on_connect(fd, message->msg_name, message->msg_namelen) < 0) return -1;
      return sendmsg_to(fd, message, flags & ~MSG_FASTOPEN, NULL, 0);
    default:
      return sent;
  }
}

/* Whether the message's address must not reach the kernel. */
static bool is_concerned(const struct mmsghdr *message) {
  struct boxer_endpoint peer;
  if (!can_read(message, sizeof *message) || !message->msg_hdr.msg_name) return false;
  const struct sockaddr *address = message->msg_hdr.msg_name;
  socklen_t length = message->msg_hdr.msg_namelen;
  if (!can_read(address, length)) return false;
  return is_moved_unix(address, length) ||
         (network_config() && as_ipv4(address, length, &peer) && in_overlay(endpoint_ip(&peer)));
}

int on_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  bool ours = false;
  if (messages && any_config())
    for (unsigned i = 0; i < count && !ours; i++) ours = is_concerned(&messages[i]);
  if (!ours) {
    sendmmsg_function *real = LIBC(sendmmsg_function *, sendmmsg);
    return real ? real(fd, messages, count, flags)
                : (int)returned(raw(SYS_sendmmsg, fd, messages, count, flags));
  }
  /*
   * Sends one by one, as the kernel does: an error after the first message ends the call without failing it.
   */
  for (unsigned i = 0; i < count; i++) {
    ssize_t sent = on_sendmsg(fd, &messages[i].msg_hdr, flags);
    if (sent < 0) return i > 0 ? (int)i : -1;
    messages[i].msg_len = (unsigned)sent;
  }
  return (int)count;
}

EXPORT ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address,
                      socklen_t length) {
  return on_sendto(fd, bytes, size, flags, address, length);
}
EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  return on_sendmsg(fd, message, flags);
}
EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  return on_sendmmsg(fd, messages, count, flags);
}
EXPORT int __sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  return on_sendmmsg(fd, messages, count, flags);
}
