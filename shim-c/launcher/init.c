// The first process of a boxed container: it starts the guest at once, and the supervisor beside it. The
// guest waits for the supervisor only in the first call that needs the overlay: its process monitor finds the
// service socket, which this process has opened, and waits there for the answer.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launcher.h"

// The supervisor writes /etc/boxer there: supervisor/discovery/start-discovery.ts.
#define DISCOVERY "/etc/boxer=/tmp/.boxer/discovery"

enum {
  BACKLOG = 511,       // calls of the guest that can wait for the supervisor at the same time
  LEAVE_SECONDS = 5,   // what the supervisor has for leaving the overlay when the guest has ended
  CANNOT_START = 125,  // exit codes as Docker and shells use them
  NOT_EXECUTABLE = 126,
  NOT_FOUND = 127,
  KILLED = 128,
  FIRST = 3  // the guest's first argument, behind `boxer node --`
};

// The entry point is a path below /opt/boxer, and --require is not used: with it, Node reads the package.json
// of the working directory and of all folders above. Node must not read the image's openssl.cnf, which may
// prevent its start. Node's warnings would appear in the guest's log.
static char *const flags[] = {"--no-warnings", "--openssl-config=/dev/null", "/opt/boxer/lib/start.cjs"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int cannot_start(int error) {
  fprintf(stderr, "boxer: cannot start " NODE ": %s\n", strerror(error));
  return error == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

// Returns the exit code for the case that Node.js cannot be started.
static int start_node(int argc, char **argv, char **environment) {
  char **arguments = calloc((size_t)argc + COUNT(flags) + 2, sizeof *arguments);
  if (arguments == NULL || environment == NULL) return cannot_start(ENOMEM);
  arguments[0] = argc > 0 ? argv[0] : "boxer";
  memcpy(arguments + 1, flags, sizeof flags);
  for (int i = 1; i < argc; i++) arguments[COUNT(flags) + (size_t)i] = argv[i];
  execve(NODE, arguments, environment);
  return cannot_start(errno);
}

int become_supervisor(int argc, char **argv, char **environment) {
  char *const none[] = {NULL};
  return start_node(argc, argv, supervisor_environment(environment, none));
}

// The service socket, as supervisor/service/server.ts opens it where the supervisor starts the guest.
struct service {
  int fd;
  char name[sizeof "@boxer-" + 16];  // the value of BOXER_SOCKET
};

static bool open_service(struct service *service) {
  uint64_t number;
  if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) return false;
  snprintf(service->name, sizeof service->name, "@boxer-%016llx", (unsigned long long)number);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(service->name);
  memcpy(address.sun_path + 1, service->name + 1, length - 1);  // abstract
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  service->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (service->fd < 0) return false;
  if (bind(service->fd, (struct sockaddr *)&address, size) == 0 && listen(service->fd, BACKLOG) == 0)
    return true;
  close(service->fd);
  return false;
}

// Returns the guest's process; -1 if it cannot be started.
static pid_t start_guest(const char *program, char **arguments, char **environment, const sigset_t *mask) {
  int ends[2];
  if (environment == NULL || pipe2(ends, O_CLOEXEC) < 0) return -1;
  pid_t guest = fork();
  if (guest == 0) {
    sigprocmask(SIG_SETMASK, mask, NULL);
    execve(program, arguments, environment);
    (void)!write(ends[1], "x", 1);
    _exit(NOT_EXECUTABLE);
  }
  close(ends[1]);
  char byte;
  // The end of the pipe is closed by a successful exec.
  bool failed = guest < 0 || read(ends[0], &byte, 1) != 0;
  close(ends[0]);
  if (failed && guest > 0) waitpid(guest, NULL, 0);
  return failed ? -1 : guest;
}

// Runs in the child, which gets the guest's arguments for its warnings. The supervisor has a process group of
// its own, so that the terminal's signals reach the guest alone, and does not read the guest's input.
__attribute__((noreturn)) static void run_supervisor(const struct service *service, int argc, char **argv,
                                                     char **environment, const sigset_t *mask) {
  char fd[32], name[64];
  snprintf(fd, sizeof fd, "BOXER_SERVICE_FD=%d", service->fd);
  snprintf(name, sizeof name, "BOXER_SERVICE_NAME=%s", service->name);
  char *const more[] = {fd, name, NULL};
  setpgid(0, 0);
  fcntl(service->fd, F_SETFD, 0);
  int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (nothing > STDERR_FILENO) close(nothing);
  sigprocmask(SIG_SETMASK, mask, NULL);
  argv[1] = "beside";
  _exit(start_node(argc, argv, supervisor_environment(environment, more)));
}

// The guest and the supervisor; 0: it has ended, with `status`.
struct child {
  pid_t pid;
  int status;
};

static void reap(struct child *guest, struct child *supervisor) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    struct child *child = pid == guest->pid ? guest : pid == supervisor->pid ? supervisor : NULL;
    if (child != NULL) *child = (struct child){.status = status};
  }
}

static int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

// The signals that an init process passes on, as in supervisor/guest/forward-signals.ts.
static bool is_forwarded(int number) {
  static const int forwarded[] = {SIGHUP,  SIGINT,   SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM,
                                  SIGCONT, SIGWINCH, SIGALRM, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < COUNT(forwarded); i++)
    if (number == forwarded[i]) return true;
  return false;
}

// Returns when one of them has ended.
static void watch(struct child *guest, struct child *supervisor, const sigset_t *all) {
  while (guest->pid != 0 && supervisor->pid != 0) {
    int number = sigwaitinfo(all, NULL);
    if (number == SIGCHLD) reap(guest, supervisor);
    // A signal that comes while the guest ends finds no process any more.
    if (is_forwarded(number) && guest->pid != 0) kill(guest->pid, number);
  }
}

// Lets the supervisor take the node out of the overlay.
static void end_supervisor(struct child *guest, struct child *supervisor, const sigset_t *all) {
  const struct timespec limit = {.tv_sec = LEAVE_SECONDS};
  if (supervisor->pid != 0) kill(supervisor->pid, SIGTERM);
  while (supervisor->pid != 0) {
    int number = sigtimedwait(all, NULL, &limit);
    if (number < 0 && errno == EAGAIN) return;
    if (number == SIGCHLD) reap(guest, supervisor);
  }
}

// A node cannot go on without its supervisor. A supervisor that has reported an error has an exit code of its
// own.
static int end_guest(struct child *guest, struct child *supervisor, const sigset_t *all) {
  int status = supervisor->status;
  if (WIFSIGNALED(status))
    fprintf(stderr, "boxer: signal %d has ended the supervisor, so the guest is killed\n", WTERMSIG(status));
  kill(guest->pid, SIGKILL);
  while (guest->pid != 0)
    if (sigwaitinfo(all, NULL) == SIGCHLD) reap(guest, supervisor);
  return exit_code(status) == 0 ? CANNOT_START : exit_code(status);
}

static const char *value_of(char **environment, const char *assignment) {
  for (; *environment != NULL; environment++)
    if (begins_with(*environment, assignment)) return *environment + strlen(assignment);
  return NULL;
}

// A guest with gates (`wait-for`) or remapped folders of its own has to wait for the supervisor. The
// configuration is JSON without blanks, as the plugin writes it. A network that is called "waitFor" only
// costs time.
static bool may_start_at_once(char **environment) {
  const char *configuration = value_of(environment, CONFIGURATION);
  return configuration != NULL && strstr(configuration, "\"remap\":{}") != NULL &&
         strstr(configuration, "\"waitFor\"") == NULL;
}

int run_beside(int argc, char **argv, char **environment) {
  char **guest_arguments = argv + FIRST;
  struct service service;
  if (argc <= FIRST || !may_start_at_once(environment)) return -1;
  char *program = monitored_program(guest_arguments[0], value_of(environment, "PATH="));
  if (program == NULL || !open_service(&service)) return -1;
  sigset_t all, mask;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &mask);
  struct child guest = {.pid = start_guest(program, guest_arguments,
                                           guest_environment(environment, service.name, DISCOVERY), &mask)};
  struct child supervisor = {0};
  if (guest.pid > 0) supervisor.pid = fork();
  if (guest.pid > 0 && supervisor.pid == 0) run_supervisor(&service, argc, argv, environment, &mask);
  if (guest.pid < 0 || supervisor.pid < 0) {
    if (guest.pid > 0) kill(guest.pid, SIGKILL), waitpid(guest.pid, NULL, 0);
    close(service.fd);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return -1;
  }
  // Also where another process is the first one of the container (`init: true`).
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  watch(&guest, &supervisor, &all);
  if (guest.pid != 0) return end_guest(&guest, &supervisor, &all);
  end_supervisor(&guest, &supervisor, &all);
  return exit_code(guest.status);
}
