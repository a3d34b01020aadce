/*
 * sendto() and its kin, where they carry an address: without one, as on every connection, the first comparison ends it. Only two things
 * concern us: datagrams, which must not leave for an overlay address by the default route, and TCP Fast Open, which connects.
 */
#define _GNU_SOURCE
#include "libc.h"
#include "monitor.h"

enum way { AS_IT_IS, ELSEWHERE, CONNECT_FIRST, REFUSED };

/* Where a message for this address goes: `to` and `length` when ELSEWHERE, errno is set when REFUSED. */
static enum way way_to(int fd, int flags, const struct sockaddr *address, socklen_t *length, union address *to) {
  struct boxer_endpoint peer;
  uint32_t there;
  if (!network_config() || !as_ipv4(address, *length, &peer)) return AS_IT_IS;
  enum destination destination = destination_of(endpoint_ip(&peer), &there);
  if (destination == OUTSIDE) return AS_IT_IS;
  int type = socket_option(fd, SOL_SOCKET, SO_TYPE);
  /* Of a connected stream the kernel does not look at the address. */
  if (type < 0 || (type == SOCK_STREAM && !(flags & MSG_FASTOPEN))) return AS_IT_IS;
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

/* libc's own are cancellation points. */
static ssize_t kernel_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
  sendto_function *real = LIBC(sendto_function *, sendto);
  return real ? real(fd, bytes, size, flags, address, length) : returned(raw(SYS_sendto, fd, bytes, size, flags, address, length));
}

static ssize_t kernel_sendmsg(int fd, const struct msghdr *message, int flags) {
  sendmsg_function *real = LIBC(sendmsg_function *, sendmsg);
  return real ? real(fd, message, flags) : returned(raw(SYS_sendmsg, fd, message, flags));
}

ssize_t on_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
  union address to;
  socklen_t moved_length = length;
  if (!address) return kernel_sendto(fd, bytes, size, flags, address, length);
  switch (way_to(fd, flags, address, &moved_length, &to)) {
    case AS_IT_IS:
      return kernel_sendto(fd, bytes, size, flags, address, length);
    case ELSEWHERE:
      return kernel_sendto(fd, bytes, size, flags, &to.any, moved_length);
    case CONNECT_FIRST: /* as Fast Open does for a peer that it has no cookie of */
      if (on_connect(fd, address, length) < 0) return -1;
      return kernel_sendto(fd, bytes, size, flags & ~MSG_FASTOPEN, NULL, 0);
    default:
      return -1;
  }
}

ssize_t on_sendmsg(int fd, const struct msghdr *message, int flags) {
  if (!message || !message->msg_name) return kernel_sendmsg(fd, message, flags);
  union address to;
  struct msghdr other = *message;
  switch (way_to(fd, flags, message->msg_name, &other.msg_namelen, &to)) {
    case AS_IT_IS:
      return kernel_sendmsg(fd, message, flags);
    case ELSEWHERE:
      other.msg_name = &to;
      return kernel_sendmsg(fd, &other, flags);
    case CONNECT_FIRST:
      if (on_connect(fd, message->msg_name, message->msg_namelen) < 0) return -1;
      other.msg_name = NULL;
      other.msg_namelen = 0;
      return kernel_sendmsg(fd, &other, flags & ~MSG_FASTOPEN);
    default:
      return -1;
  }
}

static bool for_overlay(const struct msghdr *message) {
  struct boxer_endpoint peer;
  return message->msg_name && as_ipv4(message->msg_name, message->msg_namelen, &peer) && in_overlay(endpoint_ip(&peer));
}

int on_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  bool ours = false;
  if (messages && network_config())
    for (unsigned i = 0; i < count && !ours; i++) ours = for_overlay(&messages[i].msg_hdr);
  if (!ours) {
    sendmmsg_function *real = LIBC(sendmmsg_function *, sendmmsg);
    return real ? real(fd, messages, count, flags) : (int)returned(raw(SYS_sendmmsg, fd, messages, count, flags));
  }
  /* One by one, as the kernel does: what fails after the first ends the call without an error. */
  for (unsigned i = 0; i < count; i++) {
    ssize_t sent = on_sendmsg(fd, &messages[i].msg_hdr, flags);
    if (sent < 0) return i > 0 ? (int)i : -1;
    messages[i].msg_len = (unsigned)sent;
  }
  return (int)count;
}

EXPORT ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
  return on_sendto(fd, bytes, size, flags, address, length);
}
EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { return on_sendmsg(fd, message, flags); }
EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  return on_sendmmsg(fd, messages, count, flags);
}
EXPORT int __sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  return on_sendmmsg(fd, messages, count, flags);
}
