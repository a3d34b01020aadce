/* CHECK(condition) reports a condition that does not hold, with its line. end() reports the result. */
#ifndef BOXER_CHECK_H
#define BOXER_CHECK_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../service-wire.h"
#include "world.h"

static int failures;

#define CHECK(condition)                                                                                  \
  do {                                                                                                    \
    if (!(condition)) {                                                                                   \
      failures++;                                                                                         \
      fprintf(stderr, "%s:%d: failed: %s (errno %s)\n", __FILE__, __LINE__, #condition, strerror(errno)); \
    }                                                                                                     \
  } while (0)

static inline struct sockaddr_in at(const char *address, int port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, address, &result.sin_addr);
  return result;
}

static inline struct sockaddr_in6 mapped_at(const char *address, int port) {
  struct sockaddr_in6 result = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  uint8_t *bytes = result.sin6_addr.s6_addr;
  bytes[10] = bytes[11] = 0xff;
  inet_pton(AF_INET, address, bytes + 12);
  return result;
}

static inline int connect_at(int fd, const char *address, int port) {
  struct sockaddr_in to = at(address, port);
  return connect(fd, (struct sockaddr *)&to, sizeof to);
}

static inline int bind_at(int fd, const char *address, int port) {
  struct sockaddr_in to = at(address, port);
  return bind(fd, (struct sockaddr *)&to, sizeof to);
}

/* "address:port" of either family. The result is valid until the fourth call after it. */
static inline const char *text_of(const struct sockaddr_storage *address) {
  static char rooms[4][INET6_ADDRSTRLEN + 8];
  static int turn;
  char *room = rooms[turn++ % 4];
  char host[INET6_ADDRSTRLEN] = "?";
  int port = 0;
  if (address->ss_family == AF_INET) {
    inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, host, sizeof host);
    port = ntohs(((const struct sockaddr_in *)address)->sin_port);
  } else if (address->ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, host, sizeof host);
    port = ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
  }
  snprintf(room, sizeof rooms[0], "%s:%d", host, port);
  return room;
}

static inline const char *local_of(int fd) {
  struct sockaddr_storage address = {0};
  socklen_t size = sizeof address;
  return getsockname(fd, (struct sockaddr *)&address, &size) < 0 ? strerror(errno) : text_of(&address);
}

static inline const char *peer_of(int fd) {
  struct sockaddr_storage address = {0};
  socklen_t size = sizeof address;
  return getpeername(fd, (struct sockaddr *)&address, &size) < 0 ? strerror(errno) : text_of(&address);
}

static inline int port_of(int fd) {
  const char *colon = strrchr(local_of(fd), ':');
  return colon ? atoi(colon + 1) : 0;
}

static inline bool is_at(const char *text, const char *address, int port) {
  char wanted[128];
  snprintf(wanted, sizeof wanted, "%s:%d", address, port);
  if (strcmp(text, wanted) == 0) return true;
  fprintf(stderr, "found %s, wanted %s\n", text, wanted);
  return false;
}

/* Makes a listener on the wildcard address. Returns its descriptor and stores its port. */
static inline int listener(int family, int flags, int *port) {
  int fd = socket(family, SOCK_STREAM | flags, 0);
  struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
  CHECK(bind(fd, (struct sockaddr *)&any,
             family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) == 0);
  CHECK(listen(fd, 16) == 0);
  *port = port_of(fd);
  return fd;
}

static inline int count_fds(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++)
    if (fcntl(fd, F_GETFD) >= 0) count++;
  return count;
}

/* Waits until the supervisor has read all earlier requests. It reads them in the order of their arrival. */
static inline void wait_for_supervisor(void) {
  const char *name = getenv("BOXER_TEST_SOCKET"); /* the monitor hides its own variable */
  if (!name) return;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  memcpy(address.sun_path + 1, name + 1, length - 1);
  struct boxer_request request = {.magic = BOXER_WIRE_MAGIC, .operation = TEST_NOTHING};
  struct boxer_reply reply;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool answered = connect(fd, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + length)) == 0 &&
                  send(fd, &request, sizeof request, MSG_NOSIGNAL) == sizeof request &&
                  recv(fd, &reply, sizeof reply, MSG_WAITALL) == sizeof reply;
  if (!answered) perror("the test supervisor");
  close(fd);
}

/* The number of requests for this operation so far; if `port` is not 0, only those with this local port. */
static inline int requests(int operation, int port) {
  wait_for_supervisor();
  FILE *log = fopen(getenv("BOXER_TEST_LOG"), "r");
  int count = 0;
  char line[256];
  while (log && fgets(line, sizeof line, log)) {
    int logged;
    int logged_port;
    if (sscanf(line, "%d %*[0-9.]:%d", &logged, &logged_port) == 2 && logged == operation &&
        (port == 0 || port == logged_port))
      count++;
  }
  if (log) fclose(log);
  return count;
}

static inline int end(const char *name) {
  fprintf(stderr, "%s: %s\n", name, failures ? "FAILED" : "ok");
  return failures ? 1 : 0;
}

#endif
