/* Ways to wait for a connection: poll, select, epoll in all its modes, io_uring, and an accept() that
 * bypasses the monitor. */
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "../../monitor/raw.h"
#include "conformance.h"

static void one_client(void) {
  int port = far_port();
  meet();
  exchange_echo(connected(port), "hello");
}

static void by_poll(void) {
  int server = serve_at(AF_INET, SOCK_NONBLOCK, 8);
  struct pollfd wait = {.fd = server, .events = POLLIN | POLLOUT};
  say_result("before", poll(&wait, 1, 0));
  meet();
  say_result("poll", poll(&wait, 1, 5000));
  say_events("events", (unsigned)wait.revents);
  echo_and_close(accept(server, NULL, NULL));
  say_result("after", poll(&wait, 1, 0));
}

static void by_select(void) {
  int server = serve_at(AF_INET, SOCK_NONBLOCK, 8);
  meet();
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(server, &readable);
  struct timeval limit = {.tv_sec = 5};
  say_result("select", select(server + 1, &readable, NULL, NULL, &limit));
  say("readable: %d", FD_ISSET(server, &readable) != 0);
  echo_and_close(accept(server, NULL, NULL));
}

static int epoll_on(int server, unsigned events) {
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = events, .data.u32 = 42};
  say_result("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event));
  return epoll;
}

static int wait_once(int epoll, int milliseconds) {
  struct epoll_event event = {0};
  int count = epoll_wait(epoll, &event, 1, milliseconds);
  say_result("epoll_wait", count);
  if (count == 1) say_events(event.data.u32 == 42 ? "registered" : "another", event.events);
  return count;
}

static void level(void) {
  int server = serve_at(AF_INET, SOCK_NONBLOCK, 8);
  int epoll = epoll_on(server, EPOLLIN);
  say_result("before", wait_once(epoll, 0));
  meet();
  wait_once(epoll, 5000);
  wait_once(epoll, 0);
  echo_and_close(accept(server, NULL, NULL));
  wait_once(epoll, 0);
}

static void edge(void) {
  int server = serve_at(AF_INET, SOCK_NONBLOCK, 8);
  int epoll = epoll_on(server, EPOLLIN | EPOLLET);
  meet();
  wait_once(epoll, 5000);
  wait_once(epoll, 0);
  echo_and_close(accept(server, NULL, NULL));
  say_result("empty", accept(server, NULL, NULL));
  meet();
  wait_once(epoll, 5000);
  echo_and_close(accept(server, NULL, NULL));
}

static void two_clients(void) {
  int port = far_port();
  meet();
  exchange_echo(connected(port), "hello");
  meet();
  exchange_echo(connected(port), "again");
}

static void oneshot(void) {
  int server = serve_at(AF_INET, SOCK_NONBLOCK, 8);
  int epoll = epoll_on(server, EPOLLIN | EPOLLONESHOT);
  meet();
  wait_once(epoll, 5000);
  echo_and_close(accept(server, NULL, NULL));
  meet();
  wait_once(epoll, 150);
  struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = 42};
  say_result("armed again", epoll_ctl(epoll, EPOLL_CTL_MOD, server, &event));
  wait_once(epoll, 5000);
  echo_and_close(accept(server, NULL, NULL));
}

/* Four processes wait, each with its own epoll instance. The connection is accepted once. */
static void herd(unsigned events) {
  int server = serve_at(AF_INET, SOCK_NONBLOCK, 8);
  int counts[2];
  if (pipe(counts) < 0) return;
  for (int i = 0; i < 4; i++) {
    if (fork() != 0) continue;
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = events};
    epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
    if (write(counts[1], "r", 1) != 1 || epoll_wait(epoll, &event, 1, 1000) != 1) _exit(0);
    int fd = accept(server, NULL, NULL);
    if (fd < 0) _exit(errno == EAGAIN ? 0 : 1);
    if (write(counts[1], "a", 1) == 1) echo_and_close(fd);
    _exit(0);
  }
  char byte;
  for (int i = 0; i < 4; i++)
    if (read(counts[0], &byte, 1) != 1) return;
  close(counts[1]);
  meet();
  int accepted = 0;
  while (read(counts[0], &byte, 1) == 1) accepted++;
  int status, bad = 0;
  while (wait(&status) > 0) bad += status != 0;
  say("accepted: %d, failed: %d", accepted, bad);
}

static void woken_together(void) { herd(EPOLLIN); }
static void exclusive(void) { herd(EPOLLIN | EPOLLEXCLUSIVE); }

/* accept() as Go and other programs make it: by a system call instruction instead of libc's function. */
static void behind_our_back(void) {
  int server = serve_at(AF_INET, 0, 8);
  meet();
  echo_and_close((int)raw(SYS_accept4, server, 0, 0, 0));
  meet();
  int fd = (int)raw(SYS_accept4, server, 0, 0, 0);
  /* The names of both ends, as libc's functions return them. */
  say_name("peer", peer_of(fd), 0);
  say_name("local", local_of(fd), port_of(server));
  echo_and_close(fd);
}

static void speaks_first(void) {
  int server = serve_at(AF_INET, 0, 8);
  meet();
  int fd = (int)raw(SYS_accept4, server, 0, 0, 0);
  say_result("write", (int)write(fd, "220 ready", 9));
  say_read("from the client", fd);
  close(fd);
}

static void listening_client(void) {
  int port = far_port();
  meet();
  int fd = connected(port);
  char text[32] = {0};
  say_result("read", (int)read(fd, text, 9));
  say("greeting: %s", text);
  say_result("write", (int)write(fd, "QUIT", 4));
  shutdown(fd, SHUT_WR);
  say_read("rest", fd);
}

struct ring {
  int fd;
  struct io_uring_params params;
  char *submissions, *completions;
  struct io_uring_sqe *entries;
};

static bool open_ring(struct ring *ring) {
  /* A raw call, because the monitor refuses io_uring when it is requested through libc. */
  ring->fd = (int)raw(SYS_io_uring_setup, 4, &ring->params);
  if (ring->fd < 0) return false;
  size_t size = ring->params.sq_off.array + 4 * sizeof(unsigned);
  ring->submissions = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
  size = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
  ring->completions = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
  ring->entries =
      mmap(NULL, 4 * sizeof *ring->entries, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
  return true;
}

static unsigned *field(char *base, unsigned offset) { return (unsigned *)(void *)(base + offset); }

static int uring_accept(struct ring *ring, int server) {
  unsigned *tail = field(ring->submissions, ring->params.sq_off.tail);
  unsigned index = *tail & *field(ring->submissions, ring->params.sq_off.ring_mask);
  ring->entries[index] = (struct io_uring_sqe){.opcode = IORING_OP_ACCEPT, .fd = server};
  field(ring->submissions, ring->params.sq_off.array)[index] = index;
  __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
  syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
  unsigned *head = field(ring->completions, ring->params.cq_off.head);
  unsigned at_head = *head & *field(ring->completions, ring->params.cq_off.ring_mask);
  struct io_uring_cqe *done =
      (struct io_uring_cqe *)(void *)(ring->completions + ring->params.cq_off.cqes) + at_head;
  int result = done->res;
  __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
  return result;
}

static void by_io_uring(void) {
  int server = serve_at(AF_INET, 0, 8);
  struct ring ring = {0};
  bool open = open_ring(&ring);
  say("io_uring: %d", open);
  for (int i = 0; i < 2; i++) {
    meet();
    int fd = open ? uring_accept(&ring, server) : accept(server, NULL, NULL);
    say_name("peer", peer_of(fd), 0);
    echo_and_close(fd);
  }
}

static void defer(int fd) {
  int seconds = 30;
  say_result("TCP_DEFER_ACCEPT", setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds));
}

static void deferred(void) {
  int server = serve_prepared(AF_INET, SOCK_NONBLOCK, 8, defer);
  for (int i = 0; i < 2; i++) {
    struct pollfd wait = {.fd = server, .events = POLLIN};
    meet();
    say_result("poll", poll(&wait, 1, 5000));
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    int fd = accept(server, (struct sockaddr *)&from, &size);
    say_name("from", text_of(&from), 0);
    say_name("local", local_of(fd), port_of(server));
    echo_and_close(fd);
  }
}

#define UNSEEN "the test supervisor does not carry bytes; test/conformance against the real one does it"

const struct conformance_case waiting_cases[] = {
    {"wait-poll", "poll", by_poll, one_client, 0, NULL},
    {"wait-select", "select", by_select, one_client, 0, NULL},
    {"wait-level", "epoll, level-triggered", level, one_client, 0, NULL},
    {"wait-edge", "epoll, edge-triggered, two connections", edge, two_clients, 0, NULL},
    {"wait-oneshot", "EPOLLONESHOT is disarmed and armed again", oneshot, two_clients, 0, NULL},
    {"wait-herd", "four processes woken by one connection", woken_together, one_client, 0, NULL},
    {"wait-exclusive", "the same with EPOLLEXCLUSIVE", exclusive, one_client, 0, NULL},
    {"wait-raw", "accept as a system call of the program's own", behind_our_back, two_clients, 0, NULL},
    {"wait-raw-first", "the same where the server speaks first", speaks_first, listening_client, 0, NULL},
    {"wait-io-uring", "IORING_OP_ACCEPT", by_io_uring, two_clients, 0, NULL},
    {"wait-deferred", "TCP_DEFER_ACCEPT", deferred, two_clients, 0, NULL},
    {0}};
