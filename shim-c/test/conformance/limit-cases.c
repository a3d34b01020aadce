/* The limits of a process: no descriptors left, no standard streams. */
#include <limits.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "conformance.h"

/* Leaves this many descriptor numbers free, by a limit just above them. Descriptors above the limit stay
 * open. */
static int leave_free(int free_numbers) {
  struct rlimit limit = {.rlim_max = 1024};
  int taken = 0;
  int last = -1;
  getrlimit(RLIMIT_NOFILE, &limit);
  for (int fd = 0; taken < free_numbers; fd++)
    if (fcntl(fd, F_GETFD) < 0) {
      taken++;
      last = fd;
    }
  while (free_numbers == 0 && fcntl(++last, F_GETFD) >= 0) continue;
  limit.rlim_cur = free_numbers ? (rlim_t)last + 1 : (rlim_t)last;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

static void exhausted(void) {
  int server = serve_at(AF_INET, 0, 8);
  meet();
  say_result("limit", leave_free(0));
  say_result("none free", accept(server, NULL, NULL));
  say_result("none free", accept4(server, NULL, NULL, SOCK_NONBLOCK));
  leave_free(1);
  int fd = accept(server, NULL, NULL);
  say("one free: %d", fd >= 0);
  say_result("now none", accept(server, NULL, NULL));
  echo_and_close(fd);
  leave_free(2);
  fd = accept(server, NULL, NULL);
  say("two free: %d", fd >= 0);
  echo_and_close(fd);
  leave_free(20);
  fd = accept(server, NULL, NULL);
  say_name("peer", peer_of(fd), 0);
  echo_and_close(fd);
}

/* The socket has the last free number, so connect() and calls for its names must not need another descriptor.
 */
static void last_descriptor(void) {
  int port = far_port();
  int lowest = open("/dev/null", O_RDONLY);
  leave_free(1);
  int fd = tcp_socket(0);
  say_result("another", tcp_socket(0));
  say_result("connect", connect_far(fd, port));
  say_name("peer", peer_of(fd), port);
  say_name("local", local_of(fd), port_of(fd));
  exchange_echo(fd, "hello");
  fd = tcp_socket(0);
  say_result("bind", bind_at(fd, client_own, 0));
  say_result("listen", listen(fd, 1));
  say_name("listens", local_of(fd), port_of(fd));
  say_result("dup2", dup2(lowest, fd) == fd ? 0 : -1);
  say_result("another", tcp_socket(0));
  say("still open: %d", fcntl(lowest, F_GETFD));
  leave_free(20); /* the leak sanitizer needs some at the end */
}

static void serve_echo(void) { echo_and_close(accept(serve_at(AF_INET, 0, 8), NULL, NULL)); }

static void three_clients(void) {
  int port = far_port();
  int fds[3] = {connected(port), connected(port), connected(port)};
  meet();
  for (int i = 0; i < 3; i++) exchange_echo(fds[i], "hello");
}

static void without_stdio(void) {
  for (int fd = 0; fd < 3; fd++) close(fd);
  int server = serve_at(AF_INET, 0, 8);
  int fd = accept(server, NULL, NULL);
  say("listener: %d, connection: %d", server, fd);
  echo_and_close(fd);
  fd = accept(server, NULL, NULL);
  say("next: %d", fd);
  echo_and_close(fd);
  close(server);
  say("lowest: %d", open("/dev/null", O_RDONLY));
}

static void clients_without_stdio(void) {
  int port = far_port();
  for (int fd = 0; fd < 3; fd++) close(fd);
  for (int i = 0; i < 2; i++) {
    int fd = connected(port);
    say("socket: %d", fd);
    exchange_echo(fd, "hello");
  }
}

/* A value that is of no use to a guest, but might have a meaning for the monitor. */
static void set_low(int fd) {
  unsigned low = 0xfeb00000;
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof low);
}

static void wrong_flags(void) {
  static const int flags[] = {-1, 1, O_NONBLOCK, O_CLOEXEC | O_NONBLOCK, INT_MIN};
  int server = serve_prepared(AF_INET, 0, 8, set_low);
  say_result("dup3", dup3(server, 150, -1));
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    say_result("dup3 by number", (int)syscall(SYS_dup3, server, 150, flags[i]));
    say_result("accept4", (int)syscall(SYS_accept4, server, NULL, NULL, flags[i] | 1));
    say_result("close_range", (int)syscall(SYS_close_range, 180, 181, flags[i]));
  }
  say_result("dup3 of equals", dup3(server, server, 0));
  say_result("dup2 of equals", dup2(server, server) == server ? 0 : -1);
  say_result("dup2 of nothing", dup2(150, 150));
  say_result("dup2 to -1", dup2(server, -1));
  say_result("dup2 from -1", dup2(-1, 150));
  say_result("F_DUPFD from -1", fcntl(server, F_DUPFD, -1));
  say_result("close -1", close(-1));
  unsigned found = 0;
  socklen_t size = sizeof found;
  int fd = accept(server, NULL, NULL);
  getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &found, &size);
  say("inherited: %x", found);
  say_name("listens", local_of(server)[0] == '0' ? "wildcard" : local_of(server), port_of(server));
  echo_and_close(fd);
}

static void one_client(void) { exchange_echo(connected(far_port()), "hello"); }

const struct conformance_case limit_cases[] = {
    {"limit-descriptors", "EMFILE: the connection stays queued; the last number serves", exhausted,
     three_clients, 0, NULL},
    {"limit-stdio", "descriptors 0, 1 and 2 closed", without_stdio, clients_without_stdio, 0, NULL},
    {"limit-connect", "connect() of the last descriptor, and what is asked about it", serve_echo,
     last_descriptor, 0, NULL},
    {"limit-flags", "flags and descriptors that mean nothing", wrong_flags, one_client, 0, NULL},
    {0}};
