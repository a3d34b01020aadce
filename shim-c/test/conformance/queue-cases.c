/* The queue between connect() and accept(): backlogs, listeners that close, and clients that do not wait. */
#include <pthread.h>
#include <sys/time.h>

#include "conformance.h"

static void one_client(void) { exchange_echo(connected(far_port()), "hello"); }

static void short_backlog(void) {
  int server = serve_at(AF_INET, 0, 1);
  meet();
  for (int i = 0; i < 2; i++) close(accept(server, NULL, NULL));
  fcntl(server, F_SETFL, O_NONBLOCK);
  say_result("empty", accept(server, NULL, NULL));
}

static void overflow(void) {
  int port = far_port();
  int established = 0;
  struct pollfd waits[4];
  for (int i = 0; i < 4; i++) {
    waits[i] = (struct pollfd){.fd = tcp_socket(SOCK_NONBLOCK), .events = POLLOUT};
    connect_far(waits[i].fd, port);
    poll(&waits[i], 1, 100);
    established += waits[i].revents == POLLOUT;
  }
  say("established: %d", established);
  for (int i = 2; i < 4; i++) close(waits[i].fd);
  meet();
}

static void closed_listener(void) {
  int server = serve_at(AF_INET, 0, 8);
  meet();
  say_result("close", close(server));
  meet();
}

static void queued_client(void) {
  int fd = connected(far_port());
  meet();
  meet();
  say_read("read", fd);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  poll(&wait, 1, 1000);
  say_result("send", (int)send(fd, "x", 1, MSG_NOSIGNAL));
}

/* The listener is closed by the end of its process. */
static void ended_server(void) {
  pid_t child = fork();
  if (child == 0) {
    serve_at(AF_INET, 0, 8);
    meet();
    _exit(0);
  }
  waitpid(child, NULL, 0);
  meet();
}

static void left_before(void) {
  int server = serve_at(AF_INET, 0, 8);
  meet();
  int fd = accept(server, NULL, NULL);
  say_read("read", fd);
  say_name("peer", peer_of(fd), 0);
  close(fd);
}

static void leaving_client(void) {
  int fd = connected(far_port());
  say_result("write", (int)write(fd, "goodbye", 7));
  close(fd);
  meet();
}

static void reset_before(void) {
  int server = serve_at(AF_INET, 0, 8);
  meet();
  pause_ms(50);
  int fd = accept(server, NULL, NULL);
  say("accepted: %d", fd >= 0);
  say_read("read", fd);
  say_read("read again", fd);
}

static void resetting_client(void) {
  int fd = connected(far_port());
  struct linger now = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
  meet();
}

static void *accept_in_thread(void *data) {
  int *server = data;
  return accept(*server, NULL, NULL) >= 0 ? "a connection" : strerror(errno);
}

static void join(pthread_t thread) {
  void *result = "";
  pthread_join(thread, &result);
  say("accept in a thread: %s", (char *)result);
}

static void shut_down(void) {
  int server = serve_at(AF_INET, 0, 8);
  pthread_t thread;
  pthread_create(&thread, NULL, accept_in_thread, &server);
  pause_ms(50);
  say_result("shutdown", shutdown(server, SHUT_RD));
  join(thread);
  say_result("accept", accept(server, NULL, NULL));
  meet();
  meet();
  say_result("listen again", listen(server, 8));
  give_number(port_of(server));
  echo_and_close(accept(server, NULL, NULL));
}

static void patient_client(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(0);
  say_result("connect", connect_far(fd, port));
  close(fd);
  meet();
  exchange_echo(connected(far_port()), "hello");
}

/* On Linux, the blocked accept() continues; in this case until its time limit. */
static void closed_under_accept(void) {
  int server = serve_at(AF_INET, 0, 8);
  struct timeval limit = {.tv_usec = 300000};
  setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  pthread_t thread;
  int copy = server;
  pthread_create(&thread, NULL, accept_in_thread, &copy);
  pause_ms(100);
  say_result("close", close(server));
  join(thread);
  say_result("close again", close(server));
  meet();
}

static void refused_client(void) {
  int port = far_port();
  meet();
  say_result("connect", connect_far(tcp_socket(0), port));
}

static void listen_twice(void) {
  int server = serve_at(AF_INET, 0, 8);
  say_result("listen again", listen(server, 16));
  say_result("and less", listen(server, -1));
  say_result("bind again", bind_at(server, "0.0.0.0", 0));
  say_result("connect it", connect_at(server, "127.0.0.1", port_of(server)));
  echo_and_close(accept(server, NULL, NULL));
  int fd = tcp_socket(0);
  say_result("listen unbound", listen(fd, 8));
  say("has a port: %d", port_of(fd) > 0);
}

static void reuse_address(int fd) {
  int one = 1;
  say_result("SO_REUSEADDR", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
}

/* A server that is started again on its port at once, as after a crash. */
static void rebound(void) {
  int server = serve_prepared(AF_INET, 0, 8, reuse_address);
  int port = port_of(server);
  int fd = accept(server, NULL, NULL);
  shutdown(fd, SHUT_WR);
  say_read("read", fd);
  close(fd);
  close(server);
  int again = tcp_socket(0);
  reuse_address(again);
  say_result("bind", bind_at(again, server_own, port));
  say_result("listen", listen(again, 8));
  give_number(0);
  echo_and_close(accept(again, NULL, NULL));
}

static void returning_client(void) {
  int port = far_port();
  int fd = connected(port);
  say_read("read", fd);
  close(fd);
  take_number();
  exchange_echo(connected(port), "hello");
}

#define WAITS "a queued signal connection stands for an established one"
#define GONE "one that is reset before it is brought to the listener is not brought"

const struct conformance_case queue_cases[] = {
    {"queue-backlog", "a backlog of 1 holds two connections", short_backlog, overflow, BROUGHT, WAITS},
    {"queue-closed", "a listener closed with a connection queued resets it", closed_listener, queued_client,
     0, NULL},
    {"queue-ended", "the same when its process ends", ended_server, queued_client, 0, NULL},
    {"queue-left", "a client that has gone before accept: its bytes, then the end", left_before,
     leaving_client, 0, NULL},
    {"queue-reset", "a client that has reset before accept", reset_before, resetting_client, PUNCH | RELAY,
     GONE},
    {"queue-shutdown", "shutdown of a listener while accept blocks; listen again", shut_down, patient_client,
     PUNCH, LATE},
    {"queue-close-thread", "close of a listener while accept blocks", closed_under_accept, refused_client,
     PUNCH, LATE},
    {"queue-twice", "listen twice, and what a listener refuses", listen_twice, one_client, 0, NULL},
    {"queue-rebound", "SO_REUSEADDR: the port again at once", rebound, returning_client, 0, NULL},
    {0}};
