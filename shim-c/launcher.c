// /opt/boxer/bin/boxer: starts the node supervisor in any image, without a shell, a libc or a dynamic loader
// of the image's own. Linked statically.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NODE "/opt/boxer/bin/node"
#define HIDDEN_AS "BOXER_GUEST_"

// All variables are the guest's, for its own programs: some would change ours (a preloaded library of another
// libc, a NODE_OPTIONS that loads the application's tracing, a proxy, an AWS_ENDPOINT_URL). The supervisor
// gets each under another name, from which it makes the guest's environment
// (supervisor/guest/own-environment.ts). These it reads itself:
static const char *const kept[] = {"BOXER=", "BOXER_LOG=", "AWS_LAMBDA_", "AWS_CONTAINER_"};
static const char CONFIGURATION[] = "BOXER=";

// In their place: the SDK of AWS must not read files of the image either.
static char *const ours[] = {"HOME=/opt/boxer", "AWS_CONFIG_FILE=/dev/null",
                             "AWS_SHARED_CREDENTIALS_FILE=/dev/null"};

// The entry is a path of ours and nothing is preloaded: with --require Node reads the package.json of the
// working directory and of every folder above. Nor has it a use for the image's openssl.cnf, which may even
// stop it. Its own warnings would stand in the guest's log.
static char *const flags[] = {"--no-warnings", "--openssl-config=/dev/null", "/opt/boxer/lib/start.cjs"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int begins_with(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int is_kept(const char *variable) {
  for (size_t i = 0; i < COUNT(kept); i++)
    if (begins_with(variable, kept[i])) return 1;
  return 0;
}

static char *renamed(const char *variable) {
  size_t length = strlen(variable) + 1;
  char *copy = malloc(sizeof HIDDEN_AS - 1 + length);
  if (copy == NULL) return NULL;
  memcpy(copy, HIDDEN_AS, sizeof HIDDEN_AS - 1);
  memcpy(copy + sizeof HIDDEN_AS - 1, variable, length);
  return copy;
}

// Node raises its limit of descriptors as far as it may; the guest gets back what it would have had.
static char *descriptor_limit(void) {
  static char variable[64];
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return NULL;
  snprintf(variable, sizeof variable, "BOXER_NOFILE=%llu", (unsigned long long)limit.rlim_cur);
  return variable;
}

// NULL: there is no memory for it.
static char **own_environment(char **guest) {
  size_t count = 0;
  while (guest[count] != NULL) count++;
  char **all = calloc(2 * count + COUNT(ours) + 2, sizeof *all);
  if (all == NULL) return NULL;
  size_t next = 0;
  for (size_t i = 0; i < count; i++) {
    if (is_kept(guest[i])) all[next++] = guest[i];
    if (begins_with(guest[i], CONFIGURATION)) continue;
    if ((all[next++] = renamed(guest[i])) == NULL) return NULL;
  }
  for (size_t i = 0; i < COUNT(ours); i++) all[next++] = ours[i];
  all[next] = descriptor_limit();
  return all;
}

static int fail(int error) {
  const char *message = strerror(error);
  (void)!write(STDERR_FILENO, "boxer: cannot start " NODE ": ", sizeof "boxer: cannot start " NODE ": " - 1);
  (void)!write(STDERR_FILENO, message, strlen(message));
  (void)!write(STDERR_FILENO, "\n", 1);
  // The codes that a shell gives: found but not to be started, and not found.
  return error == ENOENT ? 127 : 126;
}

// `boxer running`: waits in a phantom's container until its function's guest runs
// (supervisor/phantom/tell-running.ts). Here and not in the supervisor: it is asked once per replica, or by a
// health check.
static const char RUNNING[] = "boxer-running";
enum { ATTEMPTS = 3000, PAUSE_MS = 20 };

static int connected_to_phantom(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, RUNNING, sizeof RUNNING - 1);
  socklen_t length = offsetof(struct sockaddr_un, sun_path) + sizeof RUNNING;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) == 0) return fd;
  close(fd);
  return -1;
}

static int wait_until_running(void) {
  const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  int fd = connected_to_phantom();
  // The phantom's own start takes a moment, and nothing tells of its end.
  for (int i = 0; fd < 0 && i < ATTEMPTS; i++) {
    nanosleep(&pause, NULL);
    fd = connected_to_phantom();
  }
  char byte;
  return fd >= 0 && read(fd, &byte, 1) == 1 ? 0 : 1;
}

int main(int argc, char **argv, char **envp) {
  if (argc == 2 && strcmp(argv[1], "running") == 0) return wait_until_running();
  char **arguments = calloc((size_t)argc + COUNT(flags) + 2, sizeof *arguments);
  char **environment = own_environment(envp);
  if (arguments == NULL || environment == NULL) return fail(ENOMEM);
  arguments[0] = argc > 0 ? argv[0] : "boxer";
  memcpy(arguments + 1, flags, sizeof flags);
  for (int i = 1; i < argc; i++) arguments[COUNT(flags) + (size_t)i] = argv[i];

  execve(NODE, arguments, environment);
  return fail(errno);
}
