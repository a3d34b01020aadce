/*
 * A guest whose supervisor is killed and started again under the same name. Usage: outliving <file for the
 * result>. The exit code cannot report the result, because the supervisor that would pass it on is dead.
 */
#include <netdb.h>
#include <signal.h>

#include "../service-wire.h"
#include "check.h"

static int connected(const char *node, int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, node, port) == 0);
  return fd;
}

static void hello(int from, int to) {
  char text[8] = {0};
  CHECK(write(from, "hello", 5) == 5 && read(to, text, sizeof text) == 5);
}

static int look_up(const char *name) {
  struct addrinfo *found = NULL;
  int result = getaddrinfo(name, NULL, NULL, &found);
  if (found) freeaddrinfo(found);
  return result;
}

static void kill_supervisor(void) {
  pid_t supervisor = getppid();
  kill(supervisor, SIGKILL);
  while (getppid() == supervisor) usleep(1000);
}

static pid_t start_again(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    const char *name = getenv("BOXER_TEST_SOCKET");
    const char *program = getenv("BOXER_TEST_SUPERVISOR");
    dup2(ends[1], 1);
    unsetenv("LD_PRELOAD");
    /* A shell starts it, because the monitor would restore the preload at an exec of this program. */
    execl("/bin/sh", "sh", "-c", "unset LD_PRELOAD BOXER_SOCKET; exec \"$0\" \"$@\"", program, "--again",
          getenv("BOXER_TEST_LOG"), name + 1, "second-node", NULL);
    _exit(99);
  }
  close(ends[1]);
  char text[8] = {0};
  CHECK(read(ends[0], text, sizeof text) == 5);
  close(ends[0]);
  return child;
}

/* Calls that only need the kernel continue to work. Calls that need the supervisor fail. */
static void without_supervisor(int server, int port, int clients[3], int accepted[3]) {
  for (int i = 0; i < 3; i++) {
    hello(clients[i], accepted[i]);
    hello(accepted[i], clients[i]);
  }
  CHECK(is_at(peer_of(clients[1]), NODE_ASKED, port));
  CHECK(strncmp(peer_of(accepted[2]), NODE_LOOP ":", sizeof NODE_LOOP) == 0);
  CHECK(strncmp(local_of(accepted[2]), SELF ":", sizeof SELF) == 0);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, NODE_ASKED, port) == -1 && errno == ENETUNREACH);
  CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && connect_at(fd, NODE_ASKED, port) == -1 &&
        errno == ENETUNREACH);
  close(fd);
  fd = connected(NODE_DIRECT, port);
  int other = accept(server, NULL, NULL);
  hello(fd, other);
  close(fd);
  close(other);
  CHECK(look_up("direct") == 0);
  CHECK(look_up("ask-me") == EAI_AGAIN);
  int second_port;
  int second = listener(AF_INET, 0, &second_port);
  CHECK(close(second) == 0);
  char name[64] = {0};
  CHECK(gethostname(name, sizeof name) == 0 && strcmp(name, "self-node") == 0);
}

static void with_another(int server, int port, int clients[3], int accepted[3]) {
  for (int i = 0; i < 3; i++) hello(clients[i], accepted[i]);
  int fd = connected(NODE_ASKED, port);
  close(accept(server, NULL, NULL));
  CHECK(is_at(peer_of(fd), NODE_ASKED, port));
  close(fd);
  CHECK(look_up("ask-me") == 0);
  /* The name is from the table of the new supervisor. */
  char name[64] = {0};
  CHECK(gethostname(name, sizeof name) == 0 && strcmp(name, "second-node") == 0);
  CHECK(listen(server, 16) == 0);
  fd = connected(NODE_LOOP, port);
  int other = accept(server, NULL, NULL);
  hello(fd, other);
  close(other);
  close(fd);
}

int main(int argc, char **argv) {
  if (argc != 2) return 99;
  alarm(30);
  int port;
  int server = listener(AF_INET, 0, &port);
  static const char *const nodes[] = {NODE_DIRECT, NODE_ASKED, NODE_LOOP};
  int clients[3], accepted[3];
  for (int i = 0; i < 3; i++) {
    clients[i] = connected(nodes[i], port);
    accepted[i] = accept(server, NULL, NULL);
    CHECK(peer_of(clients[i]) && peer_of(accepted[i]) && local_of(accepted[i]));
  }
  kill_supervisor();
  without_supervisor(server, port, clients, accepted);
  pid_t again = start_again();
  with_another(server, port, clients, accepted);
  if (again > 0) kill(again, SIGKILL);
  int code = end("outliving");
  FILE *verdict = fopen(argv[1], "w");
  if (verdict) fprintf(verdict, "%d\n", code), fclose(verdict);
  return code;
}
