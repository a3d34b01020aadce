#include <stdarg.h>
#include <time.h>

#include "conformance.h"

#define PEER_FD 200 /* to the other side's process; see main.c */

void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char line[512];
  int length = vsnprintf(line, sizeof line - 1, format, arguments);
  va_end(arguments);
  if (length > (int)sizeof line - 2) length = sizeof line - 2;
  line[length++] = '\n';
  /* The line is written at once and not through stdio, because a case may close its standard streams, or be
   * killed. */
  if (write(201, line, (size_t)length) != length) abort();
}

int say_result(const char *what, int result) {
  say("%s: %d%s%s", what, result < 0 ? -1 : result, result < 0 ? " " : "", result < 0 ? strerror(errno) : "");
  return result;
}

void say_name(const char *what, const char *text, int port) {
  bool is_peer = strcmp(what, "peer") == 0 || strcmp(what, "from") == 0;
  const char *expected = is_peer ? is_server ? client_seen : far_end : is_server ? server_own : client_own;
  char host[128];
  snprintf(host, sizeof host, "%s", text);
  char *colon = strrchr(host, ':');
  if (!colon || !(colon[1] >= '0' && colon[1] <= '9')) {
    say("%s: %s", what, text);
    return;
  }
  *colon = 0;
  int found = atoi(colon + 1);
  bool mapped = strncmp(host, "::ffff:", 7) == 0;
  const char *address = mapped ? host + 7 : host;
  say("%s: %s%s port %s", what, mapped ? "mapped " : "",
      strcmp(address, expected) == 0 ? "expected" : address,
      found == 0      ? "0"
      : found == port ? "expected"
                      : "another");
}

void say_events(const char *what, unsigned events) {
  say("%s:%s%s%s%s%s", what, events & EPOLLIN ? " in" : "", events & EPOLLOUT ? " out" : "",
      events & EPOLLERR ? " error" : "", events & EPOLLHUP ? " hangup" : "", events ? "" : " none");
}

void give_number(int number) {
  if (write(PEER_FD, &number, sizeof number) != sizeof number) _exit(90);
}

int take_number(void) {
  int number;
  if (read(PEER_FD, &number, sizeof number) != sizeof number) _exit(91);
  return number;
}

void meet(void) {
  give_number(-7);
  if (take_number() != -7) _exit(92);
}

int serve_prepared(int family, int flags, int backlog, void (*prepare)(int fd)) {
  int fd = socket(family, SOCK_STREAM | flags, 0);
  struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
  if (prepare) prepare(fd);
  if (bind(fd, (struct sockaddr *)&any,
           family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) < 0)
    say_result("bind", -1);
  if (listen(fd, backlog) < 0) say_result("listen", -1);
  give_number(port_of(fd));
  return fd;
}

int serve_at(int family, int flags, int backlog) { return serve_prepared(family, flags, backlog, NULL); }
int far_port(void) { return take_number(); }
int connect_far(int fd, int port) { return connect_at(fd, far_end, port); }
int tcp_socket(int flags) { return socket(AF_INET, SOCK_STREAM | flags, 0); }

int connected(int port) {
  int fd = tcp_socket(0);
  if (connect_far(fd, port) < 0) say_result("connect", -1);
  return fd;
}

void say_read(const char *what, int fd) {
  char text[256];
  size_t size = 0;
  ssize_t got;
  while (size < sizeof text - 1 && (got = read(fd, text + size, sizeof text - 1 - size)) > 0)
    size += (size_t)got;
  text[size] = 0;
  say("%s: '%s'%s%s", what, text, got < 0 ? " " : "", got < 0 ? strerror(errno) : "");
}

int echo_and_close(int fd) {
  char bytes[4096];
  ssize_t got;
  int total = 0;
  while ((got = read(fd, bytes, sizeof bytes)) > 0 && write(fd, bytes, (size_t)got) == got) total += (int)got;
  close(fd);
  return total;
}

void exchange_echo(int fd, const char *text) {
  if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) say_result("send", -1);
  shutdown(fd, SHUT_WR);
  say_read("came back", fd);
  close(fd);
}

int socket_error(int fd) {
  int error = -1;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

void pause_ms(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}
