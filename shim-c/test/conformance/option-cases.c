/* Socket options: those that an accepted connection inherits from its listener, and those that connect()
 * keeps. */
#include <netinet/tcp.h>
#include <sys/time.h>

#include "conformance.h"

static const struct option {
  const char *name;
  int level;
  int option;
  int value; /* 0: not set */
} options[] = {
    {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1},
    {"SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1},
    {"SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 2},
    {"SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, 3},
    {"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, 50000},
    {"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 60000},
    {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1},
    {"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1},
    {"SO_DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 0},
    {"SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, 1},
    {"SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, 0x18},
    {"SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, 1},
    {"SO_RXQ_OVFL", SOL_SOCKET, SO_RXQ_OVFL, 1},
    {"SO_MAX_PACING_RATE", SOL_SOCKET, SO_MAX_PACING_RATE, 100000000},
    {"SO_SELECT_ERR_QUEUE", SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1},
    {"SO_BUSY_POLL", SOL_SOCKET, 46, 50},
    {"SO_TYPE", SOL_SOCKET, SO_TYPE, 0},
    {"SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL, 0},
    {"SO_DOMAIN", SOL_SOCKET, SO_DOMAIN, 0},
    {"SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN, 0},
    {"SO_ERROR", SOL_SOCKET, SO_ERROR, 0},
    {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1},
    {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 33},
    {"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 7},
    {"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 4},
    {"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 12345},
    {"TCP_LINGER2", IPPROTO_TCP, TCP_LINGER2, 17},
    {"TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 3},
    {"TCP_WINDOW_CLAMP", IPPROTO_TCP, TCP_WINDOW_CLAMP, 40000},
    {"TCP_NOTSENT_LOWAT", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 100000},
    {"TCP_THIN_LINEAR_TIMEOUTS", IPPROTO_TCP, 16, 1},
    {"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, 0},
    {"TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN, 0},
    {"TCP_SAVE_SYN", IPPROTO_TCP, TCP_SAVE_SYN, 1},
    {"TCP_INQ", IPPROTO_TCP, TCP_INQ, 1},
    {"TCP_TX_DELAY", IPPROTO_TCP, 37, 10},
    {"TCP_RTO_MAX_MS", IPPROTO_TCP, 44, 30000},
    {"IP_MINTTL", IPPROTO_IP, IP_MINTTL, 0},
    {"IP_RECVERR", IPPROTO_IP, IP_RECVERR, 1},
    {"IP_RECVOPTS", IPPROTO_IP, IP_RECVOPTS, 1},
    {"IP_RETOPTS", IPPROTO_IP, IP_RETOPTS, 1},
    {"IP_RECVTTL", IPPROTO_IP, IP_RECVTTL, 1},
    {"IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, 1},
    {"IP_RECVORIGDSTADDR", IPPROTO_IP, 20, 1},
    {"IP_PASSSEC", IPPROTO_IP, 18, 1},
    {"IP_MULTICAST_ALL", IPPROTO_IP, IP_MULTICAST_ALL, 0},
    {"IP_TOS", IPPROTO_IP, IP_TOS, 0x10},
    {"IP_TTL", IPPROTO_IP, IP_TTL, 55},
    {"IP_RECVTOS", IPPROTO_IP, IP_RECVTOS, 1},
    {"IP_FREEBIND", IPPROTO_IP, IP_FREEBIND, 1},
    {"IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, 24, 1},
    {"IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO},
};
#define EACH_OPTION(item) \
  for (const struct option *item = options; item < options + sizeof options / sizeof *options; item++)

static void set_all(int fd) {
  EACH_OPTION(item)
  if (item->value && setsockopt(fd, item->level, item->option, &item->value, sizeof item->value) < 0)
    say_result(item->name, -1);
  struct linger linger = {.l_onoff = 1, .l_linger = 7};
  struct timeval limit = {.tv_sec = 8, .tv_usec = 250000};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  limit.tv_sec = 9;
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static void say_all(int fd) {
  EACH_OPTION(item) {
    int value = 0;
    socklen_t size = sizeof value;
    if (getsockopt(fd, item->level, item->option, &value, &size) < 0)
      say_result(item->name, -1);
    else
      say("%s: %d", item->name, value);
  }
  struct linger linger = {0};
  struct timeval limits[2] = {0};
  char congestion[16] = {0};
  socklen_t size = sizeof linger;
  getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size);
  size = sizeof limits[0];
  getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limits[0], &size);
  getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limits[1], &size);
  size = sizeof congestion;
  getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, &size);
  say("linger: %d %d, limits: %ld %ld, congestion: %s", linger.l_onoff, linger.l_linger,
      (long)limits[0].tv_sec, (long)limits[1].tv_sec, congestion);
}

static void one_client(void) { exchange_echo(connected(far_port()), "hello"); }

static void accept_and_say(int server) {
  int fd = accept(server, NULL, NULL);
  say_all(fd);
  struct linger off = {0};
  int low = 1;
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
  setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
  echo_and_close(fd);
}

static void untouched(void) { accept_and_say(serve_at(AF_INET, 0, 8)); }
static void inherited(void) { accept_and_say(serve_prepared(AF_INET, 0, 8, set_all)); }

static const int switches[] = {
    IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_RECVRTHDR, IPV6_RECVHOPOPTS,
    IPV6_RECVDSTOPTS, IPV6_RECVPATHMTU,  IPV6_RECVERR,    IPV6_DONTFRAG,  70 /* IPV6_AUTOFLOWLABEL */};
#define SIX (sizeof switches / sizeof *switches)

static void say_six(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(fd, IPPROTO_IPV6, option, &value, &size);
  say("IPv6 option %d: %d", option, value);
}

static void set_six(int fd) {
  int one = 1;
  for (size_t i = 0; i < SIX; i++)
    if (setsockopt(fd, IPPROTO_IPV6, switches[i], &one, sizeof one) < 0) say_result("switch", -1);
  int hops = 44;
  int class = 0x20;
  say_result("hops", setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops));
  say_result("class", setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class));
}

static void inherited_six(void) {
  int server = serve_prepared(AF_INET6, 0, 8, set_six);
  int fd = accept(server, NULL, NULL);
  static const int others[] = {IPV6_UNICAST_HOPS, IPV6_TCLASS, IPV6_V6ONLY};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) say_six(fd, others[i]);
  for (size_t i = 0; i < SIX; i++) say_six(fd, switches[i]);
  int domain = 0;
  socklen_t size = sizeof domain;
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  say("domain: %s", domain == AF_INET6 ? "AF_INET6" : "AF_INET");
  echo_and_close(fd);
}

static void serve_echo(void) { echo_and_close(accept(serve_at(AF_INET, 0, 8), NULL, NULL)); }

static void kept(void) {
  int port = far_port();
  int fd = tcp_socket(0);
  set_all(fd);
  say_result("connect", connect_far(fd, port));
  say_all(fd);
  struct linger off = {0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
  exchange_echo(fd, "hello");
}

const struct conformance_case option_cases[] = {
    {"option-defaults", "an accepted socket's options where the listener has set none", untouched, one_client,
     0, NULL},
    {"option-inherited", "what it has from its listener, option by option", inherited, one_client, 0, NULL},
    {"option-inherited-six", "the same for IPv6 options", inherited_six, one_client, 0, NULL},
    {"option-kept", "options set before a connect", serve_echo, kept, 0, NULL},
    {0}};
