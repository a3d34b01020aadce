/* accept() of connections that the supervisor holds. */
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "../service-wire.h"
#include "check.h"

static void say_hello(int from, int to) {
  char text[8] = {0};
  CHECK(write(from, "hello", 5) == 5);
  CHECK(read(to, text, sizeof text) == 5 && strcmp(text, "hello") == 0);
}

static void blocking(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, NODE_LOOP, port) == 0);
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  int lowest = dup(0);
  close(lowest);
  errno = 77;
  int accepted = accept(server, (struct sockaddr *)&from, &size);
  CHECK(errno == 77);
  CHECK(accepted == lowest);
  CHECK(size == sizeof(struct sockaddr_in) && is_at(text_of(&from), NODE_LOOP, 4242));
  CHECK((fcntl(accepted, F_GETFL) & O_NONBLOCK) == 0);
  CHECK(fcntl(accepted, F_GETFD) == 0);
  CHECK(strncmp(local_of(accepted), SELF ":", sizeof SELF) == 0);
  say_hello(fd, accepted);
  say_hello(accepted, fd);
  close(accepted);
  close(fd);
  close(server);
}

static void flags_and_options(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int one = 1;
  int idle = 33;
  int buffer = 65536;
  struct linger linger = {.l_onoff = 1, .l_linger = 7};
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(server, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  setsockopt(server, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(server, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  setsockopt(server, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, NODE_LOOP, port) == 0);
  struct sockaddr_in from;
  socklen_t size = 4; /* cut, and the full length told */
  int accepted = accept4(server, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  CHECK(size == sizeof from && from.sin_family == AF_INET && ntohs(from.sin_port) == 4242);
  CHECK(fcntl(accepted, F_GETFL) & O_NONBLOCK);
  CHECK(fcntl(accepted, F_GETFD) == FD_CLOEXEC);
  int value = 0;
  size = sizeof value;
  CHECK(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &value, &size) == 0 && value == 1);
  CHECK(getsockopt(accepted, SOL_SOCKET, SO_KEEPALIVE, &value, &size) == 0 && value == 1);
  CHECK(getsockopt(accepted, IPPROTO_TCP, TCP_KEEPIDLE, &value, &size) == 0 && value == 33);
  CHECK(getsockopt(accepted, SOL_SOCKET, SO_RCVBUF, &value, &size) == 0 && value == 2 * buffer);
  size = sizeof linger;
  linger.l_linger = 0;
  CHECK(getsockopt(accepted, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_linger == 7);
  linger.l_onoff = 0;
  setsockopt(accepted, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close(accepted);
  close(fd);
  close(server);
}

/* A guest with edge-triggered epoll accepts until EAGAIN. Native and signalled connections share one queue.
 */
static void edge_triggered(void) {
  int port;
  int server = listener(AF_INET, SOCK_NONBLOCK, &port);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
  CHECK(accept(server, NULL, NULL) == -1 && errno == EAGAIN);
  static const char *const nodes[] = {NODE_LOOP, NODE_GONE,   SELF,      NODE_GONE,
                                      NODE_LOOP, NODE_DIRECT, NODE_ASKED};
  int clients[7];
  for (int i = 0; i < 7; i++) {
    clients[i] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect_at(clients[i], nodes[i], port) == 0);
  }
  int accepted = 0;
  for (int quiet = 0; accepted < 5 && quiet < 20;) {
    if (epoll_wait(epoll, &event, 1, 100) == 0) quiet++;
    for (;;) {
      int fd = accept4(server, NULL, NULL, SOCK_NONBLOCK);
      if (fd < 0) break;
      accepted++;
      close(fd);
    }
    CHECK(errno == EAGAIN);
  }
  CHECK(accepted == 5);
  for (int i = 0; i < 7; i++) close(clients[i]);
  close(epoll);
  close(server);
}

/* A blocking accept() does not return for a connection that is gone. */
static void gone(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int first = socket(AF_INET, SOCK_STREAM, 0);
  int second = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(first, NODE_GONE, port) == 0);
  CHECK(connect_at(second, NODE_LOOP, port) == 0);
  int accepted = accept(server, NULL, NULL);
  say_hello(second, accepted);
  close(accepted);
  close(second);
  close(first);
  close(server);
}

static void six(void) {
  int port;
  int server = listener(AF_INET6, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, NODE_LOOP, port) == 0);
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  int accepted = accept(server, (struct sockaddr *)&from, &size);
  CHECK(size == sizeof(struct sockaddr_in6) && is_at(text_of(&from), "::ffff:" NODE_LOOP, 4242));
  CHECK(strncmp(local_of(accepted), "::ffff:" SELF ":", sizeof "::ffff:" SELF) == 0);
  CHECK(strncmp(peer_of(accepted), "::ffff:", 7) == 0);
  int copy = dup(accepted);
  CHECK(strncmp(local_of(copy), "::ffff:" SELF ":", sizeof "::ffff:" SELF) == 0);
  close(copy);
  say_hello(fd, accepted);
  close(accepted);
  close(fd);
  close(server);
}

/* Prefork: the children share the listener. The exit of one of them does not affect the others. */
static void forked(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  pid_t leaving = fork();
  if (leaving == 0) {
    close(server);
    _exit(0);
  }
  waitpid(leaving, NULL, 0);
  pid_t child = fork();
  if (child == 0) {
    int accepted = accept(server, NULL, NULL);
    char text[8] = {0};
    _exit(read(accepted, text, sizeof text) == 5 && write(accepted, "child", 5) == 5 ? 0 : 1);
  }
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, NODE_LOOP, port) == 0);
  CHECK(write(fd, "hello", 5) == 5);
  char text[8] = {0};
  CHECK(read(fd, text, sizeof text) == 5 && strcmp(text, "child") == 0);
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  close(fd);
  close(server);
}

int main(void) {
  int fds = count_fds();
  blocking();
  flags_and_options();
  edge_triggered();
  gone();
  six();
  forked();
  CHECK(count_fds() == fds);
  return end("accepting");
}
