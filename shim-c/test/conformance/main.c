/*
 * Runs the conformance cases: conformance <transport> <far> <seen> <server> <client> <foreign> [case...]. The
 * addresses are those of conformance.h. A case with a preceding minus is skipped. --list prints the table of
 * docs/conformance.md. If the sides belong to two nodes, these variables describe them: {SERVER,CLIENT}_NETNS
 * (a file), {SERVER,CLIENT}_SOCKET (the value of BOXER_SOCKET), CONFORMANCE_PRELOAD.
 */
#include <sched.h>
#include <sys/resource.h>

#include "conformance.h"

#define PEER_FD 200
#define OUT_FD 201
#define TIME_LIMIT 20 /* seconds for one side of one case */

static const struct conformance_case *const groups[] = {
    connect_cases, interrupted_cases, source_cases,  accept_cases, waiting_cases, sharing_cases,
    queue_cases,   limit_cases,       address_cases, own_cases,    option_cases,  stream_cases};
#define EACH_CASE(item)                                                   \
  for (size_t group = 0; group < sizeof groups / sizeof *groups; group++) \
    for (const struct conformance_case *item = groups[group]; item->name; item++)

/* In the order of enum transport's bits. */
static const char *const transports[] = {"direct", "asked", "signal", "punch", "relay"};
#define TRANSPORTS (sizeof transports / sizeof *transports)

const char *far_end, *client_seen, *server_own, *client_own, *foreign, *self_program;
bool is_server;

static void list(void) {
  puts("| case | what it shows | not compared |\n| --- | --- | --- |");
  EACH_CASE(item) {
    printf("| `%s` | %s | ", item->name, item->what);
    const char *comma = "";
    for (size_t i = 0; i < TRANSPORTS; i++)
      if (item->without & 1 << i) printf("%s%s", comma, transports[i]), comma = ", ";
    printf(item->without ? ": %s |\n" : "|\n", item->why);
  }
}

static int run_side(const char *name) {
  alarm(TIME_LIMIT);
  EACH_CASE(item) {
    if (strcmp(item->name, name) != 0) continue;
    if (is_server)
      item->server();
    else if (item->client)
      item->client();
    return 0;
  }
  return 98;
}

/* Makes this process that of a side: enters the side's network, and uses the side's supervisor. */
static void become(const char *side, const char *netns, const char *socket, char **arguments,
                   const char *name) {
  const char *place = getenv(netns);
  const char *supervisor = getenv(socket);
  const char *preload = getenv("CONFORMANCE_PRELOAD");
  if (place) {
    int fd = open(place, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) perror(place), _exit(97);
  }
  if (supervisor && preload) {
    setenv("BOXER_SOCKET", supervisor, 1);
    setenv("LD_PRELOAD", preload, 1);
  }
  execl(self_program, self_program, side, name, arguments[2], arguments[3], arguments[4], arguments[5],
        arguments[6], NULL);
  _exit(96);
}

struct side {
  pid_t process;
  int output;
};

static struct side start(bool server, int peer, char **arguments, const char *name) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) exit(99);
  pid_t process = fork();
  if (process == 0) {
    dup2(peer, PEER_FD);
    dup2(ends[1], OUT_FD);
    if (server) become("server", "SERVER_NETNS", "SERVER_SOCKET", arguments, name);
    become("client", "CLIENT_NETNS", "CLIENT_SOCKET", arguments, name);
  }
  close(ends[1]);
  return (struct side){.process = process, .output = ends[0]};
}

/* Prints the output of a side. Each line begins with the name of the case. */
static void finish(const struct side *side, const char *name, const char *who) {
  FILE *output = fdopen(side->output, "r");
  char line[1024];
  while (fgets(line, sizeof line, output)) printf("%s, %s: %s", name, who, line);
  fclose(output);
  int status = 0;
  waitpid(side->process, &status, 0);
  if (status != 0)
    printf("%s, %s: ended with %s %d\n", name, who, WIFSIGNALED(status) ? "signal" : "code",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  fflush(stdout);
}

/* Whether a case is selected by the names on the command line. A name with a preceding minus skips a case. */
static bool is_wanted(const struct conformance_case *item, int transport, char **names) {
  if (item->without & transport) return false;
  bool wanted = true;
  for (char **name = names; *name; name++)
    if (**name == '-' ? strcmp(item->name, *name + 1) == 0 : strcmp(item->name, *name) == 0)
      return **name != '-';
    else if (**name != '-')
      wanted = false;
  return wanted;
}

static void run_case(const struct conformance_case *item, char **arguments) {
  int peers[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, peers) < 0) exit(99);
  struct side server = start(true, peers[0], arguments, item->name);
  struct side client = start(false, peers[1], arguments, item->name);
  close(peers[0]);
  close(peers[1]);
  finish(&server, item->name, "server");
  finish(&client, item->name, "client");
}

int main(int argc, char **argv) {
  char path[4096] = {0};
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) return 99;
  self_program = path;
  if (argc == 2 && strcmp(argv[1], "--list") == 0) return list(), 0;
  bool is_side = argc == 8 && (strcmp(argv[1], "server") == 0 || strcmp(argv[1], "client") == 0);
  if (argc < 7) return fprintf(stderr, "see the head of main.c\n"), 99;
  far_end = argv[is_side ? 3 : 2];
  client_seen = argv[is_side ? 4 : 3];
  server_own = argv[is_side ? 5 : 4];
  client_own = argv[is_side ? 6 : 5];
  foreign = argv[is_side ? 7 : 6];
  is_server = strcmp(argv[1], "server") == 0;
  if (is_side) return run_side(argv[2]);
  int transport = 0;
  for (size_t i = 0; i < TRANSPORTS; i++)
    if (strcmp(argv[1], transports[i]) == 0) transport = 1 << i;
  if (!transport) return fprintf(stderr, "no transport %s\n", argv[1]), 99;
  EACH_CASE(item) if (is_wanted(item, transport, argv + 7)) run_case(item, argv);
  return 0;
}
