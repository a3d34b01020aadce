/* connect(): blocking, non-blocking, interrupted, with a time limit, called twice, refused, misused. */
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/time.h>

#include "conformance.h"

static void serve_echo(void) {
  int server = serve_at(AF_INET, 0, 8);
  echo_and_close(accept(server, NULL, NULL));
}

static void blocking(void) {
  int port = far_port();
  int fd = tcp_socket(0);
  errno = 77;
  say_result("connect", connect_far(fd, port));
  say("errno untouched: %d", errno == 77);
  say_result("again", connect_far(fd, port));
  say_name("peer", peer_of(fd), port);
  say_name("local", local_of(fd), port_of(fd));
  exchange_echo(fd, "hello");
}

static void epoll_first(void) {
  int port = far_port();
  int fd = tcp_socket(SOCK_NONBLOCK);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.fd = fd};
  say_result("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
  int result = connect_far(fd, port);
  say("connect: %s", result == 0 || errno == EINPROGRESS ? "under way" : strerror(errno));
  /* An event that was queued for the unconnected socket may come first. The kernel does both. */
  do say("epoll_wait: %d", epoll_wait(epoll, &event, 1, 5000));
  while (event.events & EPOLLHUP);
  say_events("events", event.events);
  say("SO_ERROR: %d", socket_error(fd));
  say("registered descriptor: %d", event.data.fd == fd);
  result = connect_far(fd, port);
  say("second: %s", result == 0 || errno == EISCONN ? "connected" : strerror(errno));
  say_result("third", connect_far(fd, port));
  fcntl(fd, F_SETFL, 0);
  exchange_echo(fd, "hello");
}

/* A listener whose queue is full: the kernel drops each SYN, so a connect() does not end until the case makes
 * room in the queue. */
static int full_listener(int clients[2]) {
  int server = serve_at(AF_INET, 0, 0);
  int port = port_of(server);
  for (int i = 0; i < 2; i++) {
    clients[i] = tcp_socket(SOCK_NONBLOCK);
    connect_at(clients[i], "127.0.0.1", port);
  }
  pause_ms(50);
  return server;
}

static void serve_full(void) {
  int clients[2];
  full_listener(clients);
  meet();
  meet();
}

static void already(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(SOCK_NONBLOCK);
  for (int i = 0; i < 3; i++) say_result("connect", connect_far(fd, port));
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  say_result("poll", poll(&wait, 1, 50));
  say_name("peer", peer_of(fd), port);
  meet();
}

static void limited(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(0);
  struct timeval limit = {.tv_usec = 100000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  say_result("connect", connect_far(fd, port));
  say_result("again", connect_far(fd, port));
  meet();
}

static void timed_out(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(0);
  unsigned limit = 300;
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
  say_result("connect", connect_far(fd, port));
  say_name("peer", peer_of(fd), port);
  say("SO_ERROR: %d", socket_error(fd));
  meet();
}

static void on_alarm(int number) { (void)number; }

static void ring(int flags, int milliseconds) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
  sigaction(SIGALRM, &action, NULL);
  /* The timer repeats, because on a busy machine the first signal may arrive before connect() has begun. */
  struct itimerval timer = {.it_value = {.tv_usec = milliseconds * 1000},
                            .it_interval = {.tv_usec = milliseconds * 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void interrupted(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(0);
  ring(0, 100);
  say_result("connect", connect_far(fd, port));
  ring(0, 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  say_result("again", connect_far(fd, port));
  meet();
}

/* Makes room in the queue after a while, which the client's next SYN finds. */
static void serve_full_for_a_while(void) {
  int clients[2];
  int server = full_listener(clients);
  meet();
  pause_ms(300);
  for (int i = 0; i < 2; i++) close(clients[i]);
  fcntl(server, F_SETFL, O_NONBLOCK);
  for (int fd; (fd = accept(server, NULL, NULL)) >= 0;) close(fd);
  fcntl(server, F_SETFL, 0);
  echo_and_close(accept(server, NULL, NULL));
}

static void restarted(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(0);
  ring(SA_RESTART, 100);
  say_result("connect", connect_far(fd, port));
  ring(SA_RESTART, 0);
  exchange_echo(fd, "hello");
}

static void serve_closed(void) {
  int server = serve_at(AF_INET, 0, 8);
  close(server);
  meet();
}

/* This socket has bound the port, and no socket has ever listened on it. */
static void serve_nobody(void) {
  int fd = tcp_socket(0);
  struct sockaddr_in any = {.sin_family = AF_INET};
  say_result("bind", bind(fd, (struct sockaddr *)&any, sizeof any));
  give_number(port_of(fd));
  meet();
}

/* The error may come at once, or with the socket's first event. A guest has to handle both, also natively. */
static void refused(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(0);
  say_result("connect", connect_far(fd, port));
  say_result("send", (int)send(fd, "x", 1, MSG_NOSIGNAL));
  say_name("peer", peer_of(fd), port);
  say("SO_ERROR: %d", socket_error(fd));
  say_result("again", connect_far(fd, port));
  close(fd);
  fd = tcp_socket(SOCK_NONBLOCK);
  int result = connect_far(fd, port);
  int error = result < 0 ? errno : 0;
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  if (error == EINPROGRESS) {
    poll(&wait, 1, 5000);
    error = socket_error(fd);
  }
  say("not blocking: %s", strerror(error));
  wait.revents = 0;
  poll(&wait, 1, 0);
  say_events("then", (unsigned)wait.revents);
}

/* AF_UNSPEC resets the first connection, which may be gone before it reaches the listener. */
static void serve_until_heard(void) {
  int server = serve_at(AF_INET, 0, 8);
  while (echo_and_close(accept(server, NULL, NULL)) == 0) continue;
}

static void disconnected(void) {
  int port = far_port();
  int fd = tcp_socket(0);
  say_result("connect", connect_far(fd, port));
  struct sockaddr unspecified = {.sa_family = AF_UNSPEC};
  say_result("disconnect", connect(fd, &unspecified, sizeof unspecified));
  say_name("peer", peer_of(fd), port);
  say_result("disconnect again", connect(fd, &unspecified, sizeof unspecified));
  say_result("connect", connect_far(fd, port));
  exchange_echo(fd, "hello");
}

static void misused(void) {
  int port = far_port();
  meet();
  int fd = tcp_socket(0);
  struct sockaddr_in to = at(far_end, port);
  struct sockaddr_in6 six = mapped_at(far_end, port);
  say_result("short address", connect(fd, (struct sockaddr *)&to, 8));
  say_result("no address", connect(fd, (struct sockaddr *)&to, 0));
  say_result("negative length", connect(fd, (struct sockaddr *)&to, (socklen_t)-1));
  say_result("other family", connect(fd, (struct sockaddr *)&six, sizeof six));
  say_result("bad descriptor", connect(199, (struct sockaddr *)&to, sizeof to));
  say_result("no socket", connect(open("/dev/null", O_RDONLY), (struct sockaddr *)&to, sizeof to));
  say_result("listen", listen(fd, 1));
  say_result("connect a listener", connect(fd, (struct sockaddr *)&to, sizeof to));
}

static void serve_datagrams(void) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  bind_at(fd, "0.0.0.0", 0);
  give_number(port_of(fd));
  say_read("datagram", fd);
}

static void datagrams(void) {
  int port = far_port();
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  say_result("connect", connect_far(fd, port));
  say_name("peer", peer_of(fd), port);
  say_result("connect again", connect_far(fd, port));
  say_result("send", (int)send(fd, "hello", 5, 0));
  say_result("end", (int)send(fd, "", 0, 0));
}

static void bound(void) {
  int port = far_port();
  int fd = tcp_socket(0);
  say_result("bind", bind_at(fd, client_own, 0));
  int own = port_of(fd);
  say_name("bound", local_of(fd), own);
  say_result("connect", connect_far(fd, port));
  say_name("local", local_of(fd), own);
  exchange_echo(fd, "hello");
}

struct attempt {
  int fd;
  int port;
  int error;
};

static void *connect_in_thread(void *data) {
  struct attempt *attempt = data;
  attempt->error = connect_far(attempt->fd, attempt->port) < 0 ? errno : 0;
  return NULL;
}

static void closed_under_way(void) {
  int port = far_port();
  meet();
  struct attempt attempt = {.fd = tcp_socket(0), .port = port};
  struct timeval limit = {.tv_usec = 300000};
  setsockopt(attempt.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  pthread_t thread;
  pthread_create(&thread, NULL, connect_in_thread, &attempt);
  pause_ms(100);
  say_result("close", close(attempt.fd));
  pthread_join(thread, NULL);
  say("connect: %s", strerror(attempt.error));
  say_result("close again", close(attempt.fd));
  meet();
}

#define BESIDE "some connections more wait beside a full queue"
#define HELD "connect() waits for the supervisor's answer, not for the kernel's"

const struct conformance_case connect_cases[] = {
    {"connect-blocking", "connect, connect again, names, half-close", serve_echo, blocking, 0, NULL},
    {"connect-epoll-first", "epoll registered before a non-blocking connect", serve_echo, epoll_first, 0,
     NULL},
    {"connect-already", "EINPROGRESS, EALREADY while the far end's queue is full", serve_full, already,
     BROUGHT, HELD},
    {"connect-limited", "SO_SNDTIMEO ends a blocking connect", serve_full, limited, PUNCH, BESIDE},
    {"connect-timeout", "ETIMEDOUT, when the far end says nothing", serve_full, timed_out, SIGNAL | PUNCH,
     BESIDE},
    {"connect-eintr", "a handler ends a blocking connect with EINTR; it goes on", serve_full, interrupted,
     PUNCH, BESIDE},
    {"connect-restart", "SA_RESTART: the handler runs, connect goes on", serve_full_for_a_while, restarted, 0,
     NULL},
    {"connect-refused", "ECONNREFUSED, blocking and not", serve_nobody, refused, 0, NULL},
    {"connect-refused-late", "the same when the listener has just gone", serve_closed, refused, PUNCH, LATE},
    {"connect-again", "AF_UNSPEC, then another connect", serve_until_heard, disconnected, 0, NULL},
    {"connect-misuse", "wrong lengths, families, descriptors", serve_closed, misused, 0, NULL},
    {"connect-datagram", "connected UDP is the kernel's", serve_datagrams, datagrams, ASKED | BROUGHT,
     "datagrams go to `direct` nodes only"},
    {"connect-bound", "a socket bound to the own address keeps its port", serve_echo, bound, 0, NULL},
    {"connect-closed", "close() in another thread while connect blocks", serve_full, closed_under_way,
     BROUGHT, HELD},
    {0}};
