/* What Linux copies from a listener to the sockets accepted from it; servers set these once, on the listener. */
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include "monitor.h"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
#define SEND_BUFFER_LOCKED 1
#define RECEIVE_BUFFER_LOCKED 2

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif

static const struct inherited {
  int level;
  int option;
} inherited[] = {
    {SOL_SOCKET, SO_KEEPALIVE},
    {SOL_SOCKET, SO_LINGER},
    {SOL_SOCKET, SO_OOBINLINE},
    {SOL_SOCKET, SO_RCVTIMEO},
    {SOL_SOCKET, SO_SNDTIMEO},
    {SOL_SOCKET, SO_RCVLOWAT},
    {SOL_SOCKET, SO_REUSEADDR},
    {SOL_SOCKET, SO_REUSEPORT},
    {SOL_SOCKET, SO_TIMESTAMP},
    {SOL_SOCKET, SO_TIMESTAMPNS},
    {SOL_SOCKET, SO_ZEROCOPY},
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_CORK},
    {IPPROTO_TCP, TCP_KEEPIDLE},
    {IPPROTO_TCP, TCP_KEEPINTVL},
    {IPPROTO_TCP, TCP_KEEPCNT},
    {IPPROTO_TCP, TCP_SYNCNT},
    {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_LINGER2},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP},
    {IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS},
    {IPPROTO_TCP, TCP_CONGESTION},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
    {IPPROTO_TCP, TCP_INQ},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, IP_MTU_DISCOVER},
    {IPPROTO_IP, IP_PKTINFO},
    {IPPROTO_IP, IP_RECVTOS},
    {IPPROTO_IP, IP_RECVTTL},
    {IPPROTO_IP, IP_FREEBIND},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, IPV6_TCLASS},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
    {IPPROTO_IPV6, IPV6_RECVTCLASS},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER},
};

static void inherit(int from, int to, int level, int option) {
  uint64_t theirs[4] = {0};
  uint64_t ours[4] = {0};
  socklen_t size = sizeof theirs;
  socklen_t our_size = sizeof ours;
  if (raw(SYS_getsockopt, from, level, option, theirs, &size) < 0) return;
  raw(SYS_getsockopt, to, level, option, ours, &our_size);
  /* A punched connection's local port is a door that others come through too: they could no longer be bound to it, not
   * even while this one is in TIME_WAIT. */
  if (level == SOL_SOCKET && option == SO_REUSEADDR && ours[0]) return;
  if (level == IPPROTO_TCP && option == TCP_NOTSENT_LOWAT && is_carried((uint32_t)theirs[0])) return;
  if (memcmp(theirs, ours, sizeof ours) != 0) raw(SYS_setsockopt, to, level, option, theirs, size);
}

/* Before Linux 5.14 nobody says whether a size was set: then what differs from a new socket's was. */
static int locked_buffers(int listener) {
  int locks = socket_option(listener, SOL_SOCKET, SO_BUF_LOCK);
  if (locks >= 0) return locks;
  int fresh = (int)raw(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fresh < 0) return 0;
  locks = 0;
  if (socket_option(listener, SOL_SOCKET, SO_SNDBUF) != socket_option(fresh, SOL_SOCKET, SO_SNDBUF))
    locks |= SEND_BUFFER_LOCKED;
  if (socket_option(listener, SOL_SOCKET, SO_RCVBUF) != socket_option(fresh, SOL_SOCKET, SO_RCVBUF))
    locks |= RECEIVE_BUFFER_LOCKED;
  raw(SYS_close, fresh);
  return locks;
}

/* The kernel doubles what it is given. */
static void inherit_buffer(int from, int to, int option) {
  int size = socket_option(from, SOL_SOCKET, option) / 2;
  raw(SYS_setsockopt, to, SOL_SOCKET, option, &size, sizeof size);
}

void inherit_options(int from, int to) {
  for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
    inherit(from, to, inherited[i].level, inherited[i].option);
  /* IP_TOS sets it; it is the one that is not inherited. */
  int none = 0;
  if (socket_option(to, SOL_SOCKET, SO_PRIORITY) > 0) raw(SYS_setsockopt, to, SOL_SOCKET, SO_PRIORITY, &none, sizeof none);
  int locked = locked_buffers(from);
  if (locked & SEND_BUFFER_LOCKED) inherit_buffer(from, to, SO_SNDBUF);
  if (locked & RECEIVE_BUFFER_LOCKED) inherit_buffer(from, to, SO_RCVBUF);
}
