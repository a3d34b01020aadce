/* connect() where the supervisor chooses the guest's own port. */
#include <sys/epoll.h>

#include "../service-wire.h"
#include "check.h"

/* Connects; gives the port from which the listener sees it. The descriptor goes to *connected. */
static int seen_port(int server, int *connected) {
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  int accepted = accept(server, (struct sockaddr *)&from, &size);
  CHECK(accepted >= 0);
  *connected = accepted;
  return ntohs(from.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&from)->sin6_port : ((struct sockaddr_in *)&from)->sin_port);
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
  CHECK(connect(fd, family == AF_INET ? (void *)&four : (void *)&six, family == AF_INET ? sizeof four : sizeof six) == 0);
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

/* An epoll registration made before connect() holds: it is still the guest's own socket. */
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

/* A port that is taken is asked about again, three times; then the guest goes another way. */
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

/* A NAT that resets what comes too early: connect() goes on from the same port, in a guest that does not block too. */
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

int main(void) {
  int fds = count_fds();
  chosen_port(AF_INET);
  chosen_port(AF_INET6);
  nonblocking();
  own_port_is_kept();
  taken();
  resets(0);
  resets(SOCK_NONBLOCK);
  CHECK(count_fds() == fds);
  return end("punching");
}
