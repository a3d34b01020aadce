// Measures connections. The program is the same natively and under the monitor, and does not use Boxer.
//
//   probe serve PORT
//     Echoes all bytes.
//   probe first-byte HOST PORT COUNT
//     COUNT times: connects, sends 64 bytes, and waits for the first byte of the answer.
//   probe ping-pong HOST PORT CONNECTIONS ROUNDS SIZE
//     ROUNDS round trips of SIZE bytes on each of CONNECTIONS connections, one after the other.
//
// Prints a line with nanoseconds for each sample. Ends at the first failure, with the errno's name.
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SIZE 64
#define MAX_SIZE 65536
#define MAX_CONNECTIONS 4096

static void die(const char *what) {
  fprintf(stderr, "probe: %s: %s\n", what, strerrorname_np(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void serve(int port) {
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 1024) < 0) die("listen");
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  static char buffer[MAX_SIZE];
  for (;;) {
    struct epoll_event events[64];
    int ready = epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        if ((fd = accept(listener, NULL, NULL)) < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.data.fd = fd;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        continue;
      }
      ssize_t size = read(fd, buffer, sizeof buffer);
      if (size <= 0 || send(fd, buffer, (size_t)size, MSG_NOSIGNAL) != size) close(fd);
    }
  }
}

static struct sockaddr_in resolve(const char *host, const char *port) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
  int error = getaddrinfo(host, port, &hints, &found);
  if (error) {
    fprintf(stderr, "probe: %s: %s\n", host, gai_strerror(error));
    exit(1);
  }
  struct sockaddr_in address;
  memcpy(&address, found->ai_addr, sizeof address);
  freeaddrinfo(found);
  return address;
}

static int open_to(const struct sockaddr_in *address) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) die("connect");
  return fd;
}

static void exchange(int fd, char *buffer, size_t size, size_t awaited) {
  if (send(fd, buffer, size, MSG_NOSIGNAL) != (ssize_t)size) die("send");
  for (size_t got = 0; got < awaited;) {
    ssize_t part = recv(fd, buffer, size, 0);
    if (part < 0) die("recv");
    if (part == 0) {
      fputs("probe: recv: the end instead of an answer\n", stderr);
      exit(1);
    }
    got += (size_t)part;
  }
}

static void first_byte(const struct sockaddr_in *address, int count) {
  char buffer[FIRST_SIZE] = {0};
  for (int i = 0; i < count; i++) {
    int64_t start = now();
    int fd = open_to(address);
    exchange(fd, buffer, sizeof buffer, 1);
    int64_t end = now();
    close(fd);
    printf("%lld\n", (long long)(end - start));
  }
}

static void ping_pong(const struct sockaddr_in *address, int connections, int rounds, size_t size) {
  static char buffer[MAX_SIZE];
  static int fds[MAX_CONNECTIONS];
  for (int i = 0; i < connections; i++) exchange(fds[i] = open_to(address), buffer, size, size);
  for (int i = 0; i < connections; i++) {
    for (int round = 0; round < rounds; round++) {
      int64_t start = now();
      exchange(fds[i], buffer, size, size);
      printf("%lld\n", (long long)(now() - start));
    }
  }
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "serve") == 0) serve(atoi(argv[2]));
  if (argc == 5 && strcmp(argv[1], "first-byte") == 0) {
    struct sockaddr_in address = resolve(argv[2], argv[3]);
    first_byte(&address, atoi(argv[4]));
    return 0;
  }
  if (argc == 7 && strcmp(argv[1], "ping-pong") == 0) {
    struct sockaddr_in address = resolve(argv[2], argv[3]);
    int connections = atoi(argv[4]), size = atoi(argv[6]);
    if (connections < 1 || connections > MAX_CONNECTIONS || size < 1 || size > MAX_SIZE) return 2;
    ping_pong(&address, connections, atoi(argv[5]), (size_t)size);
    return 0;
  }
  fputs(
      "usage: probe serve PORT | first-byte HOST PORT COUNT | ping-pong HOST PORT CONNECTIONS ROUNDS SIZE\n",
      stderr);
  return 2;
}
