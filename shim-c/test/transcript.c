/*
 * A transcript of what a guest sees of a TCP connection. It must be the same natively with UNDERLAY_DIRECT,
 * and under the monitor with an overlay address. Usage: transcript <address of the far end> <this node's
 * address>
 */
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "check.h"

static const char *far_end;
static const char *here;

static void say(const char *what, int result) {
  printf("%s: %d %s\n", what, result, result < 0 ? strerror(errno) : "");
  fflush(stdout);
}

/* Prints whether the address is the expected one, because addresses differ between the runs. */
static void say_name(const char *what, const char *text, const char *host, int port) {
  size_t length = strlen(host);
  bool expected = strncmp(text, host, length) == 0 && text[length] == ':';
  bool expected_port = port == 0 || atoi(strrchr(text, ':') + 1) == port;
  printf("%s: %s\n", what,
         expected && expected_port ? "as expected"
         : expected                ? "wrong port"
                                   : "wrong host");
}

static void blocking(int port, int server) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  say("connect", connect_at(fd, far_end, port));
  say("connect again", connect_at(fd, far_end, port));
  say_name("peer", peer_of(fd), far_end, port);
  say("write", (int)write(fd, "hello", 5));
  int accepted = accept(server, NULL, NULL);
  char text[8];
  say("read", (int)read(accepted, text, sizeof text));
  say("shutdown", shutdown(fd, SHUT_WR));
  say("read end", (int)read(accepted, text, sizeof text));
  say("write back", (int)write(accepted, "hi", 2));
  say("read back", (int)read(fd, text, sizeof text));
  close(fd);
  close(accepted);
}

static void nonblocking(int port, int server) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.fd = fd};
  say("epoll_ctl before connect", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
  int result = connect_at(fd, far_end, port);
  printf("connect: %d %s\n", result, result < 0 && errno == EINPROGRESS ? "in progress" : "at once");
  /* EPOLLHUP may have been queued for the unconnected socket. */
  do say("epoll_wait", epoll_wait(epoll, &event, 1, 2000));
  while (event.events & EPOLLHUP);
  say("writable", event.data.fd == fd && event.events == EPOLLOUT);
  int error = -1;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  say("SO_ERROR", error);
  say("second connect", connect_at(fd, far_end, port));
  say("third connect", connect_at(fd, far_end, port));
  close(accept(server, NULL, NULL));
  close(epoll);
  close(fd);
}

static void refused(int port, bool nonblock) {
  int fd = socket(AF_INET, SOCK_STREAM | (nonblock ? SOCK_NONBLOCK : 0), 0);
  int result = connect_at(fd, far_end, port);
  if (nonblock) {
    printf("connect: %d\n", result);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    say("poll", poll(&wait, 1, 2000));
    int error = -1;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    printf("SO_ERROR: %s\n", strerror(error));
  } else {
    say("connect refused", result);
  }
  say("peer", getpeername(fd, NULL, NULL));
  say("write", (int)send(fd, "x", 1, MSG_NOSIGNAL));
  close(fd);
}

static void misuse(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = at(far_end, port);
  say("short address", connect(fd, (struct sockaddr *)&to, 8));
  say("bad descriptor", connect(999, (struct sockaddr *)&to, sizeof to));
  say("no socket", connect(STDOUT_FILENO, (struct sockaddr *)&to, sizeof to));
  say("listen on it", listen(fd, 1));
  say("connect a listener", connect(fd, (struct sockaddr *)&to, sizeof to));
  close(fd);
  say("closed", close(fd));
  socklen_t size = 8;
  struct sockaddr_in name;
  fd = socket(AF_INET, SOCK_STREAM, 0);
  say("getsockname", getsockname(fd, (struct sockaddr *)&name, &size));
  say("full length", (int)size);
  say("getpeername", getpeername(fd, (struct sockaddr *)&name, &size));
  say("bind elsewhere", bind_at(fd, "203.0.113.9", 0));
  close(fd);
}

static void bound(int port, int server) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  say("bind", bind_at(fd, here, 0));
  say_name("bound", local_of(fd), here, 0);
  say("bind again", bind_at(fd, here, 0));
  int source = port_of(fd);
  say("connect", connect_at(fd, far_end, port));
  say("same port", port_of(fd) == source);
  close(accept(server, NULL, NULL));
  close(fd);
}

static void options(int port, int server) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  say("connect", connect_at(fd, far_end, port));
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size);
  say("TCP_NODELAY", value);
  say("flags", fcntl(fd, F_GETFL) & O_NONBLOCK);
  struct sockaddr_storage from;
  size = sizeof from;
  int accepted = accept4(server, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  say("length of the address", (int)size);
  say("cloexec", fcntl(accepted, F_GETFD));
  say("nonblocking", fcntl(accepted, F_GETFL) & O_NONBLOCK);
  struct sockaddr unspecified = {.sa_family = AF_UNSPEC};
  say("disconnect", connect(fd, &unspecified, sizeof unspecified));
  say("peer", getpeername(fd, (struct sockaddr *)&from, &size));
  close(accepted);
  close(fd);
}

int main(int argc, char **argv) {
  if (argc != 3) return 99;
  far_end = argv[1];
  here = argv[2];
  int port;
  int server = listener(AF_INET, 0, &port);
  blocking(port, server);
  nonblocking(port, server);
  bound(port, server);
  options(port, server);
  misuse(port);
  close(server);
  refused(port, false);
  refused(port, true);
  return 0;
}
