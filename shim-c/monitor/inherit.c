/*
 * The options that Linux copies from a listener to the sockets accepted from it. Servers set them once, on
 * the listener.
 */
#include "inherit.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include "carried.h"
#include "monitor.h"
#include "socket.h"

#define SEND_BUFFER_LOCKED 1
#define RECEIVE_BUFFER_LOCKED 2

/* Defined by number, because older headers lack them. An older kernel refuses the number. */
enum {
  BUF_LOCK = 72,
  PREFER_BUSY_POLL = 69,
  BUSY_POLL_BUDGET = 70,
  RESERVE_MEM = 73,
  TXREHASH = 74,
  RCVMARK = 75,
  TIMESTAMP_NEW = 63,
  TIMESTAMPNS_NEW = 64,
  TIMESTAMPING_NEW = 65,
  ZEROCOPY = 60,
  TX_DELAY = 37,
  RTO_MAX_MS = 44,
  RTO_MIN_US = 45,
  DELACK_MAX_US = 46,
  RECVERR_RFC4884 = 26,
  LOCAL_PORT_RANGE = 51,
  SIX_RECVERR_RFC4884 = 31,
  SIX_MULTICAST_ALL = 29,
};

/*
 * Left out: SO_PRIORITY, SO_INCOMING_CPU and TCP_QUICKACK, which are not inherited; TCP_MAXSEG, which a
 * connection has from its handshake; and options about the packets' route (SO_DONTROUTE, SO_MARK,
 * SO_BINDTODEVICE, IP_MINTTL, IPV6_MINHOPCOUNT), since the packets of this connection take another one.
 */
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
    {SOL_SOCKET, SO_BROADCAST},
    {SOL_SOCKET, SO_RXQ_OVFL},
    {SOL_SOCKET, SO_NOFCS},
    {SOL_SOCKET, SO_SELECT_ERR_QUEUE},
    {SOL_SOCKET, SO_MAX_PACING_RATE},
    {SOL_SOCKET, SO_BUSY_POLL},
    {SOL_SOCKET, PREFER_BUSY_POLL},
    {SOL_SOCKET, BUSY_POLL_BUDGET},
    {SOL_SOCKET, RESERVE_MEM},
    {SOL_SOCKET, TXREHASH},
    {SOL_SOCKET, RCVMARK},
    {SOL_SOCKET, SO_TIMESTAMP},
    {SOL_SOCKET, SO_TIMESTAMPNS},
    {SOL_SOCKET, SO_TIMESTAMPING},
    {SOL_SOCKET, TIMESTAMP_NEW},
    {SOL_SOCKET, TIMESTAMPNS_NEW},
    {SOL_SOCKET, TIMESTAMPING_NEW},
    {SOL_SOCKET, ZEROCOPY},
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
    {IPPROTO_TCP, TCP_SAVE_SYN},
    {IPPROTO_TCP, TCP_INQ},
    {IPPROTO_TCP, TX_DELAY},
    {IPPROTO_TCP, RTO_MAX_MS},
    {IPPROTO_TCP, RTO_MIN_US},
    {IPPROTO_TCP, DELACK_MAX_US},
    {IPPROTO_IP, IP_TOS},
    {IPPROTO_IP, IP_TTL},
    {IPPROTO_IP, IP_MTU_DISCOVER},
    {IPPROTO_IP, IP_PKTINFO},
    {IPPROTO_IP, IP_RECVTOS},
    {IPPROTO_IP, IP_RECVTTL},
    {IPPROTO_IP, IP_RECVOPTS},
    {IPPROTO_IP, IP_RETOPTS},
    {IPPROTO_IP, IP_RECVERR},
    {IPPROTO_IP, RECVERR_RFC4884},
    {IPPROTO_IP, IP_RECVORIGDSTADDR},
    {IPPROTO_IP, IP_CHECKSUM},
    {IPPROTO_IP, IP_PASSSEC},
    {IPPROTO_IP, IP_FREEBIND},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT},
    {IPPROTO_IP, IP_MULTICAST_LOOP},
    {IPPROTO_IP, IP_MULTICAST_ALL},
    {IPPROTO_IP, LOCAL_PORT_RANGE},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP},
    {IPPROTO_IPV6, SIX_MULTICAST_ALL},
    {IPPROTO_IPV6, IPV6_TCLASS},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
    {IPPROTO_IPV6, IPV6_RECVTCLASS},
    {IPPROTO_IPV6, IPV6_RECVRTHDR},
    {IPPROTO_IPV6, IPV6_RECVHOPOPTS},
    {IPPROTO_IPV6, IPV6_RECVDSTOPTS},
    {IPPROTO_IPV6, IPV6_RECVPATHMTU},
    {IPPROTO_IPV6, IPV6_RECVORIGDSTADDR},
    {IPPROTO_IPV6, IPV6_RECVERR},
    {IPPROTO_IPV6, SIX_RECVERR_RFC4884},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER},
    {IPPROTO_IPV6, IPV6_DONTFRAG},
    {IPPROTO_IPV6, IPV6_AUTOFLOWLABEL},
    {IPPROTO_IPV6, IPV6_FREEBIND},
};

static void inherit(int from, int to, int level, int option) {
  uint64_t theirs[4] = {0};
  uint64_t ours[4] = {0};
  socklen_t size = sizeof theirs;
  socklen_t our_size = sizeof ours;
  if (raw(SYS_getsockopt, from, level, option, theirs, &size) < 0) return;
  raw(SYS_getsockopt, to, level, option, ours, &our_size);
  /*
   * Other connections share the local port of a punched connection. They could no longer be bound to it if
   * this were cleared, not even while this connection is in TIME_WAIT.
   */
  if (level == SOL_SOCKET && option == SO_REUSEADDR && ours[0]) return;
  if (level == IPPROTO_TCP && option == TCP_NOTSENT_LOWAT && is_carried((uint32_t)theirs[0])) return;
  if (memcmp(theirs, ours, sizeof ours) != 0) raw(SYS_setsockopt, to, level, option, theirs, size);
}

/*
 * Before Linux 5.14 the kernel does not tell whether a size was set. A size that differs from a new socket's
 * must have been.
 */
static int locked_buffers(int listener) {
  int locks = socket_option(listener, SOL_SOCKET, BUF_LOCK);
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
  /* Setting IP_TOS has set the priority, which is not inherited. */
  int none = 0;
  if (socket_option(to, SOL_SOCKET, SO_PRIORITY) > 0)
    raw(SYS_setsockopt, to, SOL_SOCKET, SO_PRIORITY, &none, sizeof none);
  int locked = locked_buffers(from);
  if (locked & SEND_BUFFER_LOCKED) inherit_buffer(from, to, SO_SNDBUF);
  if (locked & RECEIVE_BUFFER_LOCKED) inherit_buffer(from, to, SO_RCVBUF);
}
