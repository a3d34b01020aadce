/* connect() whose caller stops waiting continues, as poll(), select() and another connect() show. */
#include <sys/select.h>
#include <sys/time.h>

#include "conformance.h"

#define EACH_WAY 4

static void on_alarm(int number) { (void)number; }

static void ring(int microseconds) {
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {.it_value = {.tv_usec = microseconds}, .it_interval = {.tv_usec = microseconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void serve_all(void) {
  int server = serve_at(AF_INET, 0, 64);
  for (int i = 0; i < 3 * EACH_WAY; i++) echo_and_close(accept(server, NULL, NULL));
}

static bool wait_by(int way, int fd, int port) {
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  struct timeval patience = {.tv_sec = 10};
  fd_set writable;
  FD_ZERO(&writable);
  FD_SET(fd, &writable);
  if (way == 0) return poll(&wait, 1, 10000) == 1 && wait.revents == POLLOUT;
  if (way == 1) return select(fd + 1, NULL, &writable, NULL, &patience) == 1;
  struct timeval none = {0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
  return connect_far(fd, port) == 0;
}

/* connect() returns 0, or fails with `expected` if its wait was cut short. The final result is the same. */
static void finish(int way, int fd, int port, int result, int expected) {
  if (result < 0 && errno != expected) say_result("connect", result);
  if (result < 0 && !wait_by(way, fd, port)) say("not connected, way %d: %s", way, strerror(errno));
  say("SO_ERROR: %d", socket_error(fd));
  int second = connect_far(fd, port);
  say("then: %s", second == 0 || errno == EISCONN ? "connected" : strerror(errno));
  say_result("connect", connect_far(fd, port));
  say_name("peer", peer_of(fd), port);
  say_name("local", local_of(fd), port_of(fd));
  exchange_echo(fd, "hello");
}

static void rung(void) {
  int port = far_port();
  for (int i = 0; i < 3 * EACH_WAY; i++) {
    int fd = tcp_socket(0);
    ring(1000);
    int result = connect_far(fd, port);
    int error = errno;
    ring(0);
    errno = error;
    finish(i % 3, fd, port, result, EINTR);
  }
}

static void hurried(void) {
  int port = far_port();
  for (int i = 0; i < 3 * EACH_WAY; i++) {
    int fd = tcp_socket(0);
    struct timeval limit = {.tv_usec = 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int result = connect_far(fd, port);
    limit.tv_sec = 5;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    finish(i % 3, fd, port, result, EINPROGRESS);
  }
}

static void serve_nobody(void) {
  int fd = tcp_socket(0);
  struct sockaddr_in any = {.sin_family = AF_INET};
  bind(fd, (struct sockaddr *)&any, sizeof any);
  give_number(port_of(fd));
  meet();
}

static void refused(void) {
  int port = far_port();
  int fd = tcp_socket(0);
  struct timeval limit = {.tv_usec = 1};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  int error = connect_far(fd, port) < 0 ? errno : 0;
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  if (error == EINPROGRESS) {
    poll(&wait, 1, 10000);
    error = socket_error(fd);
  }
  say("error: %s", strerror(error));
  wait.revents = 0;
  poll(&wait, 1, 0);
  say_events("then", (unsigned)wait.revents);
  meet();
}

const struct conformance_case interrupted_cases[] = {
    {"interrupted-rung", "a handler runs every millisecond: each connection comes about", serve_all, rung, 0,
     NULL},
    {"interrupted-hurried", "the same for SO_SNDTIMEO of a microsecond", serve_all, hurried, 0, NULL},
    {"interrupted-refused", "ECONNREFUSED after connect() has stopped waiting", serve_nobody, refused, 0,
     NULL},
    {0}};
