#include "arrivals.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

/* The listeners at which announced connections arrive, by the port of the signal connection; 0: no listener.
 */
static int relays[65536];
/* The guest's ports, by the port of the relay that leads to them. */
static uint16_t targets[65536];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

uint16_t arrivals_target(uint16_t relay_port) { return targets[relay_port]; }

static bool listens(const char *table, uint16_t port) {
  FILE *rows = fopen(table, "r");
  char line[512];
  bool found = false;
  while (rows && !found && fgets(line, sizeof line, rows)) {
    unsigned local, state;
    found = sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) == 2 && local == port &&
            state == 10;
  }
  if (rows) fclose(rows);
  return found;
}

/* The family of the guest's listener on a port; 0: none. Read from the kernel, as the real supervisor does.
 */
static int family_at(uint16_t port) {
  if (listens("/proc/thread-self/net/tcp", port)) return AF_INET;
  return listens("/proc/thread-self/net/tcp6", port) ? AF_INET6 : 0;
}

/* Takes the entry. The caller owns its descriptor. */
static int take_relay(uint16_t port) {
  pthread_mutex_lock(&lock);
  int fd = relays[port];
  relays[port] = 0;
  pthread_mutex_unlock(&lock);
  return fd;
}

static socklen_t address_of(struct sockaddr_storage *room, bool six, const char *text, uint16_t port) {
  memset(room, 0, sizeof *room);
  if (!six) {
    struct sockaddr_in *in = (void *)room;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    inet_pton(AF_INET, text, &in->sin_addr);
    return sizeof *in;
  }
  struct sockaddr_in6 *in6 = (void *)room;
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(port);
  in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
  inet_pton(AF_INET, text, in6->sin6_addr.s6_addr + 12);
  return sizeof *in6;
}

static int bound(bool six, const char *text) {
  struct sockaddr_storage address;
  socklen_t length = address_of(&address, six, text, 0);
  int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0) abort();
  return fd;
}

static uint16_t port_of(int fd) {
  struct sockaddr_in6 address;
  socklen_t size = sizeof address;
  getsockname(fd, (struct sockaddr *)&address, &size);
  return ntohs(address.sin6_port); /* where AF_INET has it, too */
}

/* Connects to the node's own address, at which a listener on loopback is not reached. */
static int reach(int fd, uint16_t port) {
  struct sockaddr_storage address;
  socklen_t length = address_of(&address, false, UNDERLAY_SELF, port);
  return connect(fd, (struct sockaddr *)&address, length) == 0 ? 0 : errno;
}

/* The client has just been told the relay's port, and may not have been scheduled since. */
static int accept_from(int relay) {
  struct pollfd wait = {.fd = relay, .events = POLLIN};
  int real = poll(&wait, 1, 5000) == 1 ? accept4(relay, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;
  close(relay);
  return real;
}

/*
 * Waits until the guest releases the signal connection. If the connection was reset before it was exchanged,
 * the guest has closed the listener, which resets all queued connections. If it has ended, the guest has
 * accepted and closed it.
 */
static void *watch(void *data) {
  int signal = (int)(intptr_t)data;
  char byte;
  ssize_t got;
  while ((got = read(signal, &byte, 1)) > 0) continue;
  int relay = take_relay(port_of(signal));
  if (relay && got < 0) close(relay);
  if (relay && got == 0) close(accept_from(relay));
  close(signal);
  return NULL;
}

int arrivals_announce(uint16_t port, bool gone, struct boxer_endpoint *where) {
  int family = family_at(port);
  if (!family) return ECONNREFUSED;
  int relay = bound(family == AF_INET6, UNDERLAY_RELAY);
  listen(relay, 1);
  inet_pton(AF_INET, UNDERLAY_RELAY, where->address);
  where->port = port_of(relay);
  targets[where->port] = port;
  int signal = bound(false, SIGNAL_SOURCE);
  uint16_t signal_port = port_of(signal);
  if (!gone) relays[signal_port] = relay;
  int error = reach(signal, port);
  if (error) {
    take_relay(signal_port);
    close(relay);
    close(signal);
    return error;
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, watch, (void *)(intptr_t)signal) == 0) pthread_detach(thread);
  return 0;
}

int arrivals_take(uint16_t signal_port) {
  int relay = take_relay(signal_port);
  if (!relay) return -1;
  return accept_from(relay);
}
