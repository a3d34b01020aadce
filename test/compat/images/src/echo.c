/*
 * A small server and its client, which are linked with another libc than Debian's, dynamically or statically.
 *   echo serve PORT            echoes every connection, many at a time, in one poll loop on non-blocking sockets
 *   echo ask HOST PORT COUNT   opens COUNT connections at once and prints one "ok" or "not ok" line a behaviour
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 256, BYTES = 4096 };

static int serve(int port) {
  struct pollfd polled[MOST];
  int count = 1, on = 1;
  int listener = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 128) < 0) return perror("listen"), 1;
  polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
  for (;;) {
    if (poll(polled, (nfds_t)count, -1) < 0) return perror("poll"), 1;
    for (int i = count - 1; i > 0; i--) {
      char buffer[BYTES];
      if (!polled[i].revents) continue;
      ssize_t n = read(polled[i].fd, buffer, sizeof buffer);
      if (n > 0 && write(polled[i].fd, buffer, (size_t)n) == n) continue;
      close(polled[i].fd);
      polled[i] = polled[--count];
    }
    for (int fd; count < MOST && (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
      polled[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
}

static int failures;

static void check(int good, const char *name) {
  printf("%s - %s\n", good ? "ok" : "not ok", name);
  if (!good) {
    printf("# errno %s\n", strerror(errno));
    failures++;
  }
}

static int echoes(int fd, int number) {
  char text[64], back[64];
  int length = snprintf(text, sizeof text, "connection %d", number);
  return write(fd, text, (size_t)length) == length && recv(fd, back, (size_t)length, MSG_WAITALL) == length &&
         !memcmp(text, back, (size_t)length);
}

static int ask(const char *host, const char *port, int count) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
  int error = getaddrinfo(host, port, &hints, &found), open = 0, good = 0, fds[MOST];
  check(error == 0, "getaddrinfo");
  if (error) return printf("# %s\n", gai_strerror(error)), 1;
  for (int i = 0; i < count; i++) {
    fds[i] = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fds[i], found->ai_addr, found->ai_addrlen) == 0) open++;
  }
  check(open == count, "blocking connects, all open at once");
  for (int i = 0; i < count; i++) good += echoes(fds[i], i);
  check(good == count, "every connection echoes its own bytes");

  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  check(getpeername(fds[0], (struct sockaddr *)&peer, &size) == 0 && size == found->ai_addrlen &&
            !memcmp(&peer, found->ai_addr, 8),
        "getpeername is the address that was connected to");
  char buffer[16];
  shutdown(fds[0], SHUT_WR);
  check(read(fds[0], buffer, sizeof buffer) == 0, "half-close is answered with end of file");
  for (int i = 0; i < count; i++) close(fds[i]);

  int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int result = connect(fd, found->ai_addr, found->ai_addrlen);
  struct pollfd one = {.fd = fd, .events = POLLOUT};
  size = sizeof error;
  check((result == 0 || errno == EINPROGRESS) && poll(&one, 1, 5000) == 1 &&
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0,
        "non-blocking connect");
  fcntl(fd, F_SETFL, 0);
  check(echoes(fd, 1), "and it echoes");
  close(fd);

  ((struct sockaddr_in *)found->ai_addr)->sin_port = htons(1);
  fd = socket(found->ai_family, SOCK_STREAM, 0);
  check(connect(fd, found->ai_addr, found->ai_addrlen) < 0 && errno == ECONNREFUSED, "a closed port is refused");
  close(fd);
  freeaddrinfo(found);
  check(getaddrinfo("nobody.invalid", port, &hints, &found) == EAI_NONAME, "an unknown name is EAI_NONAME");
  struct hostent *entry = gethostbyname(host);
  check(entry && entry->h_addrtype == AF_INET, "gethostbyname");
  return 0;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc == 3 && !strcmp(argv[1], "serve")) return serve(atoi(argv[2]));
  if (argc == 5 && !strcmp(argv[1], "ask") && atoi(argv[4]) <= MOST) return ask(argv[2], argv[3], atoi(argv[4]));
  fprintf(stderr, "usage: %s serve PORT | ask HOST PORT COUNT\n", argv[0]);
  return 2;
}
