/* Established connections: half-close, resets, much data. */
#include "conformance.h"

static void half_closed(void) {
  int fd = accept(serve_at(AF_INET, 0, 8), NULL, NULL);
  say_result("shutdown", shutdown(fd, SHUT_WR));
  meet();
  say_read("still read", fd);
  say_result("send", (int)send(fd, "x", 1, MSG_NOSIGNAL));
  close(fd);
}

static void other_half(void) {
  int fd = connected(far_port());
  meet();
  say_read("the end", fd);
  say_result("write", (int)write(fd, "after the end", 13));
  struct pollfd wait = {.fd = fd, .events = POLLIN | POLLRDHUP};
  say_result("poll", poll(&wait, 1, 1000));
  say("half closed: %d", (wait.revents & POLLRDHUP) != 0);
  say_result("shutdown", shutdown(fd, SHUT_WR));
  close(fd);
}

static void reset(int fd) {
  struct linger now = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

static void server_resets(void) {
  int fd = accept(serve_at(AF_INET, 0, 8), NULL, NULL);
  meet();
  reset(fd);
}

static void sees_reset(void) {
  int fd = connected(far_port());
  meet();
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  say_result("poll", poll(&wait, 1, 5000));
  /* The kernel sets the event flags of a reset socket one after the other. */
  pause_ms(10);
  poll(&wait, 1, 0);
  say_events("events", (unsigned)wait.revents);
  say_read("read", fd);
  say_result("send", (int)send(fd, "x", 1, MSG_NOSIGNAL));
  say_name("peer", peer_of(fd), 0);
  close(fd);
}

static void client_resets(void) {
  int fd = connected(far_port());
  say_result("write", (int)write(fd, "hi", 2));
  meet();
  reset(fd);
  meet();
}

static void server_sees_reset(void) {
  int fd = accept(serve_at(AF_INET, 0, 8), NULL, NULL);
  char text[2];
  say_result("read", (int)read(fd, text, 2));
  meet();
  meet();
  say_read("read", fd);
  close(fd);
}

#define LARGE (4 << 20)

static unsigned char pattern(size_t at) { return (unsigned char)(at * 31 + (at >> 8) * 7); }

static void send_large(int fd) {
  unsigned char bytes[8192];
  for (size_t sent = 0; sent < LARGE;) {
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = pattern(sent + i);
    size_t left = LARGE - sent < sizeof bytes ? LARGE - sent : sizeof bytes;
    ssize_t done = write(fd, bytes, left);
    if (done <= 0) break;
    sent += (size_t)done;
  }
  shutdown(fd, SHUT_WR);
}

static void receive_large(int fd) {
  unsigned char bytes[8192];
  size_t total = 0, wrong = 0;
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0)
    for (ssize_t i = 0; i < got; i++) wrong += bytes[i] != pattern(total++);
  say("received: %zu, wrong: %zu", total, wrong);
}

static void large(void) {
  int fd = accept(serve_at(AF_INET, 0, 8), NULL, NULL);
  receive_large(fd);
  send_large(fd);
}

static void large_client(void) {
  int fd = connected(far_port());
  send_large(fd);
  receive_large(fd);
}

/* If the server closes a connection with unread data, the client gets a reset. */
static void unread(void) {
  int fd = accept(serve_at(AF_INET, 0, 8), NULL, NULL);
  meet();
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  say_result("poll", poll(&wait, 1, 5000));
  close(fd);
  meet();
}

static void unread_client(void) {
  int fd = connected(far_port());
  say_result("write", (int)write(fd, "never read", 10));
  meet();
  meet();
  say_read("read", fd);
  close(fd);
}

const struct conformance_case stream_cases[] = {
    {"stream-half", "half-close, from the server", half_closed, other_half, 0, NULL},
    {"stream-reset", "SO_LINGER: the server resets", server_resets, sees_reset, 0, NULL},
    {"stream-reset-client", "SO_LINGER: the client resets", server_sees_reset, client_resets, 0, NULL},
    {"stream-large", "4 MiB each way", large, large_client, 0, NULL},
    {"stream-unread", "close with unread data is a reset", unread, unread_client, 0, NULL},
    {0}};
