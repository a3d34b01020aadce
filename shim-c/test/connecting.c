/* connect() and bind() under the monitor: effects that a transcript cannot show. */
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "../service-wire.h"
#include "check.h"

static void on_alarm(int number) { (void)number; }

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void errors(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, NODE_REFUSED, 80) == -1 && errno == ECONNREFUSED);
  CHECK(connect_at(fd, NODE_UNREACHABLE, 80) == -1 && errno == EHOSTUNREACH);
  CHECK(connect_at(fd, UNKNOWN, 80) == -1 && errno == EHOSTUNREACH);
  CHECK(bind_at(fd, NODE_DIRECT, 0) == -1 && errno == EADDRNOTAVAIL);
  close(fd);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(connect_at(fd, NODE_ASKED, 80) == -1 && errno == EHOSTUNREACH);
  CHECK(connect_at(fd, NODE_DIRECT, 80) == 0);
  close(fd);
}

/* A second connect() of a non-blocking socket does not arrange a second connection. */
static void asks_once(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int before = requests(BOXER_CONNECT, 0);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int result = connect_at(fd, NODE_SLOW, port);
  CHECK(result == 0 || errno == EINPROGRESS);
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  CHECK(poll(&wait, 1, 2000) == 1);
  CHECK(connect_at(fd, NODE_SLOW, port) == 0 || errno == EISCONN);
  CHECK(connect_at(fd, NODE_SLOW, port) == -1 && errno == EISCONN);
  CHECK(requests(BOXER_CONNECT, 0) == before + 1);
  CHECK(is_at(peer_of(fd), NODE_ASKED, port));
  close(fd);
  close(server);
}

static void interrupted(void) {
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  int fds = count_fds();
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct itimerval timer = {.it_value = {.tv_usec = 100000}};
  double start = now();
  setitimer(ITIMER_REAL, &timer, NULL);
  CHECK(connect_at(fd, NODE_SILENT, 80) == -1 && errno == EINTR);
  CHECK(now() - start < 2);
  /* The socket is not connected, and its state shows it. */
  struct pollfd wait = {.fd = fd, .events = POLLIN | POLLOUT};
  CHECK(poll(&wait, 1, 0) == 0 && wait.revents == 0);
  CHECK(strcmp(peer_of(fd), strerror(ENOTCONN)) == 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  CHECK(connect_at(fd, NODE_SILENT, 80) == -1 && errno == EALREADY);
  close(fd);
  /* With a time limit, the result is that of the kernel's connect(). */
  fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval limit = {.tv_usec = 100000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  CHECK(connect_at(fd, NODE_SILENT, 80) == -1 && errno == EINPROGRESS);
  close(fd);
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  setitimer(ITIMER_REAL, &timer, NULL);
  CHECK(connect_at(fd, NODE_SLOW, 9) == -1 && errno == ECONNREFUSED);
  close(fd);
  CHECK(count_fds() == fds);
}

static int error_of(int fd) {
  int error = -1;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

/* Makes a signal handler run every `microseconds`, both before and after the supervisor's answer. */
static void ring(int microseconds, int flags) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {.it_value = {.tv_usec = microseconds}, .it_interval = {.tv_usec = microseconds}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

/* A connection that connect() has begun continues after EINTR, even if the supervisor has not answered yet.
 */
static void goes_on(const char *node, int way, int microseconds) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval limit = {.tv_sec = 9};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ring(microseconds, 0);
  int result = connect_at(fd, node, port);
  CHECK(result == 0 || errno == EINTR);
  ring(0, 0);
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  fd_set writable;
  FD_ZERO(&writable);
  FD_SET(fd, &writable);
  struct timeval patience = {.tv_sec = 9};
  if (result < 0 && way == 0) CHECK(poll(&wait, 1, 9000) == 1 && wait.revents == POLLOUT);
  if (result < 0 && way == 1) CHECK(select(fd + 1, NULL, &writable, NULL, &patience) == 1);
  if (result < 0 && way == 2) CHECK(connect_at(fd, node, port) == 0);
  CHECK(error_of(fd) == 0);
  CHECK(connect_at(fd, node, port) == 0 || errno == EISCONN);
  CHECK(connect_at(fd, node, port) == -1 && errno == EISCONN);
  CHECK(is_at(peer_of(fd), NODE_ASKED, port));
  struct timeval now = {0};
  socklen_t size = sizeof now;
  CHECK(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &now, &size) == 0 && now.tv_sec == 9 && now.tv_usec == 0);
  int accepted = accept(server, NULL, NULL);
  char text[8] = {0};
  CHECK(send(fd, "hello", 5, MSG_NOSIGNAL) == 5 && read(accepted, text, sizeof text) == 5);
  CHECK(send(accepted, "again", 5, MSG_NOSIGNAL) == 5 && read(fd, text, sizeof text) == 5 &&
        strcmp(text, "again") == 0);
  close(accepted);
  CHECK(read(fd, text, sizeof text) == 0);
  close(fd);
  close(server);
}

static void going_on(void) {
  for (int way = 0; way < 3; way++) {
    goes_on(NODE_SLOW, way, 1000);
    goes_on(NODE_SLOW, way, 50000);
    for (int moment = 50; moment < 1000; moment += 190) goes_on(NODE_ASKED, way, moment);
  }
  /* A time limit ends the call of connect(), but not the connection attempt. */
  int port;
  int server = listener(AF_INET, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval limit = {.tv_usec = 50000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  CHECK(connect_at(fd, NODE_SLOW, port) == -1 && errno == EINPROGRESS);
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  CHECK(poll(&wait, 1, 9000) == 1 && wait.revents == POLLOUT && error_of(fd) == 0);
  close(fd);
  close(server);
  /* No socket listens on this port any more. */
  wait.fd = fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  CHECK(connect_at(fd, NODE_SLOW, port) == -1 && errno == EINPROGRESS);
  CHECK(poll(&wait, 1, 9000) == 1 && error_of(fd) == ECONNREFUSED);
  close(fd);
}

static void own_address(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, SELF, port) == 0);
  CHECK(is_at(peer_of(fd), SELF, port));
  CHECK(is_at(local_of(fd), SELF, port_of(fd)));
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  int accepted = accept(server, (struct sockaddr *)&from, &size);
  CHECK(is_at(text_of(&from), SELF, port_of(fd)));
  CHECK(is_at(local_of(server), "0.0.0.0", port));
  close(accepted);
  close(fd);
  close(server);
}

/* What the supervisor is told of bound listeners. Their behaviour is tested by conformance cases. */
static void bound_listener(void) {
  int server = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(server, SELF, 0) == 0 && listen(server, 4) == 0);
  int port = port_of(server);
  CHECK(is_at(local_of(server), SELF, port));
  CHECK(requests(BOXER_LISTEN, port) == 1);
  int local = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(local, "127.0.0.1", port) == 0 && listen(local, 4) == 0);
  CHECK(requests(BOXER_LISTEN, port) == 1);
  close(local);
  close(server);
}

/* On a node with several addresses, the own address stands for all of them, so the kernel binds the wildcard.
 */
static void several_addresses(void) {
  int server = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(server, SELF, 0) == 0 && listen(server, 4) == 0);
  int port = port_of(server);
  CHECK(is_at(local_of(server), SELF, port));
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, UNDERLAY_DIRECT, port) == 0);
  close(fd);
  /* A socket on 127.0.0.1 occupies the wildcard, but the node's address is free. */
  int local = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(local, "127.0.0.1", 0) == 0 && listen(local, 4) == 0);
  int second = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(second, SELF, port_of(local)) == 0 && listen(second, 4) == 0);
  CHECK(is_at(local_of(second), SELF, port_of(local)));
  close(second);
  close(local);
  /* In reverse order, as in Redis's "bind <address> 127.0.0.1". */
  local = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(local, "127.0.0.1", port) == 0 && listen(local, 4) == 0);
  CHECK(is_at(local_of(local), "127.0.0.1", port));
  fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(fd, "127.0.0.1", port) == -1 && errno == EADDRINUSE);
  close(fd);
  close(local);
  close(server);
}

static void six(void) {
  int port;
  int server = listener(AF_INET6, 0, &port);
  CHECK(requests(BOXER_LISTEN, port) == 1);
  for (const char **node = (const char *[]){NODE_DIRECT, NODE_ASKED, SELF, NULL}; *node; node++) {
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 to = mapped_at(*node, port);
    char wanted[48];
    snprintf(wanted, sizeof wanted, "::ffff:%s", *node);
    CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    CHECK(is_at(peer_of(fd), wanted, port));
    CHECK(is_at(local_of(fd), "::ffff:" SELF, port_of(fd)));
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    int accepted = accept(server, (struct sockaddr *)&from, &size);
    CHECK(size == sizeof(struct sockaddr_in6) && from.ss_family == AF_INET6);
    close(accepted);
    close(fd);
  }
  close(server);
  server = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 own = mapped_at(SELF, 0);
  CHECK(bind(server, (struct sockaddr *)&own, sizeof own) == 0 && listen(server, 1) == 0);
  CHECK(is_at(local_of(server), "::ffff:" SELF, port_of(server)));
  close(server);
}

int main(void) {
  int fds = count_fds();
  if (getenv("BOXER_TEST_SEVERAL")) {
    several_addresses();
    return end("connecting, several addresses");
  }
  errno = 77;
  errors();
  asks_once();
  interrupted();
  going_on();
  own_address();
  bound_listener();
  six();
  CHECK(count_fds() == fds);
  errno = 77;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(fd, SELF, 0) == 0 && listen(fd, 1) == 0 && errno == 77);
  CHECK(local_of(fd) && close(fd) == 0 && errno == 77);
  return end("connecting");
}
