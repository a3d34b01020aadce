/* Starting a guest that is the supervisor's own child, not libuv's. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon.h"

struct guest {
  char **arguments;
  char **environment;
  char *directory;
  int32_t stdio[3];
  bool new_group;
};

struct failure {
  int error;
  int in_chdir;
};

static bool get_guest(napi_env env, napi_value options, struct guest *guest) {
  napi_value value;
  if (napi_get_named_property(env, options, "args", &value) != napi_ok)
    return type_error(env, "spawnGuest takes an object");
  if (!get_texts(env, value, "args", &guest->arguments)) return false;
  if (!guest->arguments[0]) return type_error(env, "args must not be empty");
  napi_get_named_property(env, options, "env", &value);
  if (!get_texts(env, value, "env", &guest->environment)) return false;
  napi_get_named_property(env, options, "cwd", &value);
  if (!get_text(env, value, "cwd", &guest->directory)) return false;
  napi_get_named_property(env, options, "newGroup", &value);
  if (napi_get_value_bool(env, value, &guest->new_group) != napi_ok)
    return type_error(env, "newGroup must be a boolean");
  napi_get_named_property(env, options, "stdio", &value);
  for (uint32_t i = 0; i < 3; i++) {
    napi_value element;
    if (napi_get_element(env, value, i, &element) != napi_ok || !get_int(env, element, "stdio", &guest->stdio[i]))
      return false;
  }
  return true;
}

/* Node ignores SIGPIPE and blocks others in its threads; a guest starts as from a shell. */
static void default_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Above 2 first: the three may name each other. */
static int place_stdio(const int32_t stdio[3]) {
  int high[3];
  for (int i = 0; i < 3; i++)
    if ((high[i] = fcntl(stdio[i], F_DUPFD_CLOEXEC, 3)) < 0) return -1;
  for (int i = 0; i < 3; i++)
    if (dup2(high[i], i) < 0) return -1;
  return 0;
}

/* Along the PATH of the guest's own environment; gives the errno value that a shell would show. */
static int execute(const struct guest *guest) {
  const char *file = guest->arguments[0];
  if (strchr(file, '/')) {
    execve(file, guest->arguments, guest->environment);
    return errno;
  }
  const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (char **variable = guest->environment; *variable; variable++)
    if (strncmp(*variable, "PATH=", 5) == 0) path = *variable + 5;
  int error = ENOENT;
  for (const char *end; path; path = *end ? end + 1 : NULL) {
    end = strchrnul(path, ':');
    char place[PATH_MAX];
    if (end - path + strlen(file) + 2 > sizeof place) continue;
    char *next = mempcpy(place, end == path ? "." : path, end == path ? 1 : (size_t)(end - path));
    *next++ = '/';
    strcpy(next, file);
    execve(place, guest->arguments, guest->environment);
    if (errno == EACCES)
      error = EACCES;
    else if (errno != ENOENT && errno != ENOTDIR)
      return errno;
  }
  return error;
}

/* In the child, where only async-signal-safe functions may be called. */
static _Noreturn void become(const struct guest *guest, int report) {
  struct failure failure = {0};
  default_signals();
  if (guest->new_group) setpgid(0, 0);
  if (place_stdio(guest->stdio) < 0) {
    failure.error = errno;
  } else if (chdir(guest->directory) < 0) {
    failure = (struct failure){.error = errno, .in_chdir = 1};
  } else {
    failure.error = execute(guest);
  }
  while (write(report, &failure, sizeof failure) < 0 && errno == EINTR) continue;
  _exit(127);
}

/* The child with everything blocked, so that none of Node's handlers runs in it. Gives its pid or -errno. */
static pid_t start(const struct guest *guest, struct failure *failure) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return -errno;
  int write_end = fcntl(report[1], F_DUPFD_CLOEXEC, 3);
  close(report[1]);
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pid_t pid = fork();
  if (pid == 0) become(guest, write_end);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  close(write_end);
  ssize_t got = 0;
  if (pid > 0) do got = read(report[0], failure, sizeof *failure);
    while (got < 0 && errno == EINTR);
  close(report[0]);
  if (pid < 0) return -error;
  if (got != sizeof *failure) return pid;
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  return -failure->error;
}

napi_value spawn_guest(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  napi_value result = NULL;
  struct guest guest = {0};
  struct failure failure = {0};
  get_arguments(env, info, arguments);
  if (get_guest(env, arguments[0], &guest)) {
    pid_t pid = start(&guest, &failure);
    char what[256];
    snprintf(what, sizeof what, "%s %.200s", failure.in_chdir ? "chdir" : "exec",
             failure.in_chdir ? guest.directory : guest.arguments[0]);
    result = pid > 0 ? make_int(env, pid) : throw_errno(env, -pid, what);
  }
  free_texts(guest.arguments);
  free_texts(guest.environment);
  free(guest.directory);
  return result;
}
