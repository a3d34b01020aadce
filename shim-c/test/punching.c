/* connect() if the supervisor chooses the local port of the guest's socket. */
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "../service-wire.h"
#include "check.h"

/* Connects, and returns the source port that the listener sees. Stores the descriptor in *connected. */
static int seen_port(int server, int *connected) {
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  int accepted = accept(server, (struct sockaddr *)&from, &size);
  CHECK(accepted >= 0);
  *connected = accepted;
  return ntohs(from.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&from)->sin6_port
                                          : ((struct sockaddr_in *)&from)->sin_port);
}

static int option(int fd, int which) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(fd, SOL_SOCKET, which, &value, &size);
  return value;
}

static void chosen_port(int family) {
  int port;
  int server = listener(AF_INET6, 0, &port);
  int fd = socket(family, SOCK_STREAM, 0);
  struct sockaddr_in four = at(NODE_PUNCHED, port);
  struct sockaddr_in6 six = mapped_at(NODE_PUNCHED, port);
  errno = 77;
  CHECK(connect(fd, family == AF_INET ? (void *)&four : (void *)&six,
                family == AF_INET ? sizeof four : sizeof six) == 0);
  CHECK(errno == 77);
  int accepted;
  int seen = seen_port(server, &accepted);
  CHECK(seen >= PUNCH_PORT && seen < PUNCH_PORT + 1000);
  CHECK(port_of(fd) == seen);
  CHECK(option(fd, SO_REUSEADDR) == 0);
  char byte = 0;
  CHECK(write(fd, "x", 1) == 1 && read(accepted, &byte, 1) == 1 && byte == 'x');
  close(accepted);
  close(fd);
  close(server);
}

/* An epoll registration from before connect() stays valid, because the socket is still the guest's own. */
static void nonblocking(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLOUT};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  int result = connect_at(fd, NODE_PUNCHED, port);
  CHECK(result == 0 || errno == EINPROGRESS);
  CHECK(epoll_wait(epoll, &event, 1, 2000) == 1 && event.events == EPOLLOUT);
  CHECK(option(fd, SO_ERROR) == 0);
  CHECK(option(fd, SO_REUSEADDR) == 1);
  int accepted;
  CHECK(seen_port(server, &accepted) >= PUNCH_PORT);
  close(accepted);
  close(epoll);
  close(fd);
  close(server);
}

static void own_port_is_kept(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(fd, "0.0.0.0", 45678) == 0);
  CHECK(connect_at(fd, NODE_PUNCHED, port) == 0);
  CHECK(requests(BOXER_CONNECT, 45678) == 1);
  int accepted;
  CHECK(seen_port(server, &accepted) == 45678);
  close(accepted);
  close(fd);
  close(server);
}

/* If the port is taken, the monitor asks again, up to three times. Then it connects without a chosen port. */
static void taken(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int holder = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(holder, "0.0.0.0", PUNCH_PORT - 1) == 0 && listen(holder, 1) == 0);
  int before = requests(BOXER_CONNECT, 0);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  errno = 77;
  CHECK(connect_at(fd, NODE_TAKEN, port) == 0);
  CHECK(errno == 77);
  CHECK(requests(BOXER_CONNECT, 0) == before + 4);
  int accepted;
  CHECK(seen_port(server, &accepted) != PUNCH_PORT - 1);
  close(accepted);
  close(fd);
  close(holder);
  close(server);
}

/* If a NAT resets packets that arrive too early, connect() continues from the same port, even for a
 * non-blocking socket. */
static void resets(int flags) {
  int port;
  close(listener(AF_INET, 0, &port));
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  errno = 77;
  CHECK(connect_at(fd, NODE_RESETTING, port) == 0);
  CHECK(errno == 77);
  CHECK(epoll_wait(epoll, &event, 1, 2000) == 1 && (event.events & EPOLLOUT));
  CHECK(option(fd, SO_ERROR) == 0);
  CHECK(port_of(fd) >= PUNCH_PORT);
  close(epoll);
  close(fd);
}

struct attempt {
  int fd;
  int port;
  int error;
};

static void *attempt(void *data) {
  struct attempt *under_way = data;
  under_way->error = connect_at(under_way->fd, NODE_PUNCHED, under_way->port) == 0 ? 0 : errno;
  return NULL;
}

static uint16_t checksum(const void *data, size_t size, uint32_t sum) {
  const uint16_t *words = data;
  for (size_t i = 0; i < size / 2; i++) sum += words[i];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

/* Sends the SYN of a simultaneous open. */
static void send_first_packet(int from_port, int to_port) {
  struct sockaddr_in there = at(UNDERLAY_RELAY, 0);
  struct tcphdr packet = {.th_sport = htons((uint16_t)from_port),
                          .th_dport = htons((uint16_t)to_port),
                          .th_seq = htonl(1000),
                          .th_off = 5,
                          .th_flags = TH_SYN,
                          .th_win = htons(1000)};
  uint32_t address = there.sin_addr.s_addr;
  packet.th_sum =
      checksum(&packet, sizeof packet,
               2 * ((address & 0xffff) + (address >> 16)) + htons(IPPROTO_TCP) + htons(sizeof packet));
  int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
  CHECK(bind(raw, (struct sockaddr *)&there, sizeof there) == 0);
  CHECK(sendto(raw, &packet, sizeof packet, 0, (struct sockaddr *)&there, sizeof there) == sizeof packet);
  close(raw);
}

/*
 * Both ends have sent a SYN, and then the other end finds that no guest listens, and resets the half-open
 * connection. For this guest, the connection was refused. Here the other end is a listener that drops packets
 * that its full queue has no room for, and resets connections that it did not begin.
 */
static void refused_late(void) {
  int server = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(server, "0.0.0.0", 0) == 0 && listen(server, 0) == 0);
  struct attempt under_way = {.fd = socket(AF_INET, SOCK_STREAM, 0), .port = port_of(server)};
  int waiting[2];
  for (int i = 0; i < 2; i++) {
    waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect_at(waiting[i], "127.0.0.1", under_way.port);
  }
  struct pollfd filled = {.fd = waiting[0], .events = POLLOUT};
  CHECK(poll(&filled, 1, 2000) == 1);
  pthread_t thread;
  pthread_create(&thread, NULL, attempt, &under_way);
  /* Waits until the guest's own SYN has been sent. */
  struct tcp_info state = {0};
  socklen_t size = sizeof state;
  while (state.tcpi_state != TCP_SYN_SENT && under_way.error == 0 &&
         getsockopt(under_way.fd, IPPROTO_TCP, TCP_INFO, &state, &size) == 0)
    usleep(1000);
  send_first_packet(under_way.port, port_of(under_way.fd));
  pthread_join(thread, NULL);
  CHECK((errno = under_way.error) == ECONNREFUSED);
  for (int i = 0; i < 2; i++) close(waiting[i]);
  close(under_way.fd);
  close(server);
}

int main(void) {
  int fds = count_fds();
  chosen_port(AF_INET);
  chosen_port(AF_INET6);
  nonblocking();
  own_port_is_kept();
  taken();
  resets(0);
  resets(SOCK_NONBLOCK);
  refused_late();
  CHECK(count_fds() == fds);
  return end("punching");
}
