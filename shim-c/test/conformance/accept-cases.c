/* accept() and accept4(): flags, addresses, invalid pointers, interruptions, and calls that bypass the
 * monitor. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "conformance.h"

static void one_client(void) { exchange_echo(connected(far_port()), "hello"); }

static void three_clients(void) {
  int port = far_port();
  for (int i = 0; i < 3; i++) exchange_echo(connected(port), "hello");
}

static void plain(void) {
  int server = serve_at(AF_INET, 0, 8);
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  errno = 77;
  int lowest = dup(0);
  close(lowest);
  int fd = accept(server, (struct sockaddr *)&from, &size);
  say("errno untouched: %d, lowest number: %d, length: %d", errno == 77, fd == lowest, (int)size);
  say_name("from", text_of(&from), 0);
  say_name("local", local_of(fd), port_of(server));
  say_name("peer", peer_of(fd), 0);
  struct sockaddr_storage peer = {0};
  size = sizeof peer;
  getpeername(fd, (struct sockaddr *)&peer, &size);
  say("from is the peer: %d", memcmp(&from, &peer, sizeof from) == 0);
  say("flags: %d %d", fcntl(fd, F_GETFL) & O_NONBLOCK, fcntl(fd, F_GETFD));
  echo_and_close(fd);
}

static void flags(void) {
  int server = serve_at(AF_INET, 0, 8);
  static const int each[] = {SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC};
  for (int i = 0; i < 3; i++) {
    int fd = accept4(server, NULL, NULL, each[i]);
    say("flags: %d %d", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, fcntl(fd, F_GETFD));
    say("status flags: %d", fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_ASYNC));
    fcntl(fd, F_SETFL, 0);
    echo_and_close(fd);
  }
  fcntl(server, F_SETFL, O_NONBLOCK); /* musl goes on without the flag */
  say_result("unknown flag", accept4(server, NULL, NULL, 1));
}

/* Connections that a non-blocking listener accepts are blocking. */
static void not_inherited(void) {
  int server = serve_at(AF_INET, SOCK_NONBLOCK | SOCK_CLOEXEC, 8);
  struct pollfd wait = {.fd = server, .events = POLLIN};
  say_result("poll", poll(&wait, 1, 5000));
  int fd = accept(server, NULL, NULL);
  say("flags: %d %d", fcntl(fd, F_GETFL) & O_NONBLOCK, fcntl(fd, F_GETFD));
  echo_and_close(fd);
  say_result("empty", accept(server, NULL, NULL));
}

static void cut(void) {
  int server = serve_at(AF_INET, 0, 8);
  static const socklen_t rooms[] = {0, 4, 64};
  for (int i = 0; i < 3; i++) {
    unsigned char bytes[64];
    memset(bytes, 0xaa, sizeof bytes);
    socklen_t size = rooms[i];
    int fd = accept(server, (struct sockaddr *)bytes, &size);
    int written = 0;
    while (written < 64 && bytes[written] != 0xaa) written++;
    say("room %d: length %d, within room: %d", (int)rooms[i], (int)size, written <= (int)rooms[i]);
    say("untouched behind: %d", bytes[63] == 0xaa);
    echo_and_close(fd);
  }
}

static void *no_page(void) { return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

/* When the kernel finds the invalid pointer, it has removed the connection from the queue, and closes it. */
static void wrong_pointers(void) {
  int server = serve_at(AF_INET, 0, 8);
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  say_result("no page for the address", accept(server, no_page(), &size));
  say_result("no page for the length", accept(server, (struct sockaddr *)&from, no_page()));
  say_result("no length", accept(server, (struct sockaddr *)&from, NULL));
  size = (socklen_t)-1;
  say_result("negative length", accept(server, (struct sockaddr *)&from, &size));
  const socklen_t *constant = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say_result("constant length", accept(server, (struct sockaddr *)&from, (socklen_t *)constant));
  int fd = accept(server, NULL, no_page());
  say("no address asked for: %d", fd >= 0);
  echo_and_close(fd);
}

static void six_clients(void) {
  int port = far_port();
  for (int i = 0; i < 6; i++) {
    int fd = connected(port);
    if (i == 5) {
      exchange_echo(fd, "hello");
    } else {
      say_read("lost", fd);
      close(fd);
    }
  }
}

static void misused(void) {
  int fd = tcp_socket(0);
  say_result("not listening", accept(fd, NULL, NULL));
  say_result("bad descriptor", accept(199, NULL, NULL));
  say_result("no socket", accept(open("/dev/null", O_RDONLY), NULL, NULL));
  say_result("datagrams", accept(socket(AF_INET, SOCK_DGRAM, 0), NULL, NULL));
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  say_result("connected", accept(pair[0], NULL, NULL));
}

static void on_alarm(int number) { (void)number; }

static void ring(int sa_flags, int milliseconds) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = sa_flags};
  sigaction(SIGALRM, &action, NULL);
  /* The timer repeats, because on a busy machine the first signal may arrive before accept() has begun. */
  struct itimerval timer = {.it_value = {.tv_usec = milliseconds * 1000},
                            .it_interval = {.tv_usec = milliseconds * 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void interrupted(void) {
  int server = serve_at(AF_INET, 0, 8);
  ring(0, 50);
  say_result("interrupted", accept(server, NULL, NULL));
  ring(SA_RESTART, 50);
  give_number(0);
  echo_and_close(accept(server, NULL, NULL));
  ring(SA_RESTART, 0);
  struct timeval limit = {.tv_usec = 50000};
  setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  say_result("limited", accept(server, NULL, NULL));
}

static void late_client(void) {
  int port = far_port();
  take_number();
  pause_ms(150);
  exchange_echo(connected(port), "hello");
}

static void through_syscall(void) {
  int server = serve_at(AF_INET, 0, 8);
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  int fd = (int)syscall(SYS_accept4, server, &from, &size, SOCK_CLOEXEC);
  say_name("from", text_of(&from), 0);
  say("flags: %d", fcntl(fd, F_GETFD));
  echo_and_close(fd);
}

const struct conformance_case accept_cases[] = {
    {"accept-blocking", "number, flags, address, names, errno", plain, one_client, 0, NULL},
    {"accept-flags", "accept4 flags", flags, three_clients, 0, NULL},
    {"accept-nonblocking", "what is not inherited; EAGAIN", not_inherited, one_client, 0, NULL},
    {"accept-cut", "an address longer than its room", cut, three_clients, 0, NULL},
    {"accept-efault", "wrong pointers: EFAULT, EINVAL, and the connection is lost", wrong_pointers,
     six_clients, 0, NULL},
    {"accept-misuse", "sockets that do not listen", misused, NULL, 0, NULL},
    {"accept-eintr", "EINTR, SA_RESTART, SO_RCVTIMEO", interrupted, late_client, 0, NULL},
    {"accept-syscall", "accept4 through syscall()", through_syscall, one_client, 0, NULL},
    {0}};
