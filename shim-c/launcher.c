// /opt/boxer/bin/boxer: starts the node supervisor in any image. It is linked statically, and does not need
// the image's shell, libc or dynamic loader.
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

// All environment variables are meant for the guest. Some of them would change the supervisor: LD_PRELOAD
// with a library for another libc, NODE_OPTIONS that load the application's tracing, a proxy,
// AWS_ENDPOINT_URL. The supervisor therefore gets each variable under another name, and makes the guest's
// environment from them (supervisor/guest/own-environment.ts). It reads these variables itself:
static const char *const kept[] = {"BOXER=", "BOXER_LOG=", "AWS_LAMBDA_", "AWS_CONTAINER_"};
static const char CONFIGURATION[] = "BOXER=";

// The supervisor's own variables. The AWS SDK must not read files of the image either.
static char *const ours[] = {"HOME=/opt/boxer", "AWS_CONFIG_FILE=/dev/null",
                             "AWS_SHARED_CREDENTIALS_FILE=/dev/null"};

// The entry point is a path below /opt/boxer, and --require is not used: with it, Node reads the package.json
// of the working directory and of all folders above. Node must not read the image's openssl.cnf, which may
// prevent its start. Node's warnings would appear in the guest's log.
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

// Node raises its soft limit of file descriptors to the hard limit. The supervisor restores the original
// limit for the guest.
static char *descriptor_limit(void) {
  static char variable[64];
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return NULL;
  snprintf(variable, sizeof variable, "BOXER_NOFILE=%llu", (unsigned long long)limit.rlim_cur);
  return variable;
}

// Returns NULL if there is not enough memory.
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
  // The exit codes of a shell for a program that is not found, and for one that cannot be started.
  return error == ENOENT ? 127 : 126;
}

// `boxer running`: waits in a phantom's container until the guest of the phantom's function runs
// (supervisor/phantom/tell-running.ts). It is implemented here, because starting Node for every replica, or
// for every health check, would take too long.
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
  // The phantom may still be starting, and there is no event at the end of its start.
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
