/* At the limits of a process: no descriptors left, no standard streams. */
#include <sys/resource.h>

#include "conformance.h"

/* As many free numbers as wanted, by a limit just above them; what is above the limit stays open. */
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

const struct conformance_case limit_cases[] = {
    {"limit-descriptors", "EMFILE: the connection stays queued; the last number serves", exhausted, three_clients, 0, NULL},
    {"limit-stdio", "descriptors 0, 1 and 2 closed", without_stdio, clients_without_stdio, 0, NULL},
    {0}};
