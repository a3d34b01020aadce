/*
 * The exec family and posix_spawn: the preload survives a cleared environment (env -i, sudo, nginx). Safe
 * after vfork(), see claim.c.
 */
#include "exec.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>

#include "claim.h"
#include "config.h"
#include "environment.h"
#include "libc.h"
#include "monitor.h"
#include "place.h"
#include "reading.h"
#include "script.h"
#include "search.h"
#include "target.h"
#include "trace.h"

extern char **environ;

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* Counts the entries before the NULL. False: the kernel will fail with EFAULT. */
static bool count_of(char *const *list, size_t *count) {
  *count = 0;
  while (list && can_read(&list[*count], sizeof *list) && list[*count]) ++*count;
  return !list || can_read(&list[*count], sizeof *list);
}

/*
 * Completes the environment for a program; `takes` says whether the program loads the monitor. Sets
 * `*environment` to the guest's own or to `*claimed`, which has to be given back. False: there is no memory.
 */
__attribute__((noinline)) static bool completed(char *const **environment, bool takes, char ***claimed) {
  struct completion found;
  *claimed = NULL;
  bool complete = !examine_environment(*environment, takes, &found);
  TRACE("exec: the program can load the monitor: %d, its environment is complete: %d", takes, complete);
  if (complete) return true;
  char **variables = claim(completed_size(&found), claimed);
  if (!variables) return false;
  complete_environment(*environment, &found, variables);
  *claimed = variables;
  *environment = variables;
  return true;
}

/* A script and its interpreter's arguments. */
struct started {
  struct script script;
  char *arguments[];
};

__attribute__((noinline)) static struct started *start_of(const char *path, char *const *arguments,
                                                          const void *owner) {
  size_t count;
  if (!remap_value() || !path || !count_of(arguments, &count)) return NULL;
  struct started *started = claim(sizeof *started + (count + SCRIPT_ARGUMENTS + 1) * sizeof(char *), owner);
  if (!started) return NULL;
  if (read_script(path, &started->script)) {
    script_arguments(&started->script, path, arguments, started->arguments);
    return started;
  }
  unclaim(started);
  return NULL;
}

static void forget_start(struct started *started) {
  if (started) leave_place(&started->script.place);
  unclaim(started);
}

/*
 * `result` is the kernel's. Where the kernel found no interpreter for a script, the interpreter may have a
 * path that only the guest knows.
 */
static long exec_script(long result, const char *path, char *const *arguments, char *const *environment) {
  struct started *started = result == -ENOENT ? start_of(path, arguments, HERE) : NULL;
  if (!started) return result;
  result = raw(SYS_execve, started->script.place.path, started->arguments, environment);
  forget_start(started);
  return result;
}

static long exec_at(int directory, const char *path, char *const *arguments, char *const *environment,
                    int flags) {
  char **claimed;
  bool takes = any_config() &&
               (flags & AT_EMPTY_PATH ? file_loads_monitor(directory) : loads_monitor(directory, path));
  if (!completed(&environment, takes, &claimed)) return -ENOMEM;
  long result = directory != AT_FDCWD || flags
                    ? next(execveat, directory, path, arguments, environment, flags)
                    : exec_script(next(execve, path, arguments, environment), path, arguments, environment);
  unclaim(claimed);
  return result;
}

__attribute__((noinline)) static long exec_moved(int directory, const char *path, char *const *arguments,
                                                 char *const *environment, int flags) {
  SHORT_PLACE(place);
  if (!find_place(directory, path, &place)) return -last_error();
  long result = exec_at(directory, place.path, arguments, environment, flags);
  leave_place(&place);
  return result;
}

int on_execveat(int directory, const char *path, char *const *arguments, char *const *environment,
                int flags) {
  long result = is_remapped(directory, path) ? exec_moved(directory, path, arguments, environment, flags)
                                             : exec_at(directory, path, arguments, environment, flags);
  return (int)returned(result);
}

int on_execve(const char *path, char *const *arguments, char *const *environment) {
  return on_execveat(AT_FDCWD, path, arguments, environment, 0);
}

/* libc decides what to do with a file that is not a program. */
static int call_execvpe(const char *file, char *const *arguments, char *const *environment) {
  int (*real)(const char *, char *const *, char *const *) =
      LIBC(int (*)(const char *, char *const *, char *const *), execvpe);
  return real ? real(file, arguments, environment) : fail(ENOSYS);
}

static int exec_found(const char *file, bool is_searched, char *const *arguments, char *const *environment) {
  char **claimed;
  if (!completed(&environment, any_config() && found_loads_monitor(file), &claimed)) return fail(ENOMEM);
  int result = call_execvpe(file, arguments, environment);
  if (is_searched && *file == '/' && last_error() == ENOENT)
    result = (int)returned(exec_script(-ENOENT, file, arguments, environment));
  unclaim(claimed);
  return result;
}

__attribute__((noinline)) static int exec_searched(const char *file, char *const *arguments,
                                                   char *const *environment) {
  CLAIMED_PLACE(place);
  if (!search_place(file, &place)) return -1;
  bool is_readable = file && text_length(place.path, 1) != UNREADABLE;
  int result = exec_found(place.path, is_readable, arguments, environment);
  leave_place(&place);
  return result;
}

static int on_execvpe(const char *file, char *const *arguments, char *const *environment) {
  return remap_value() ? exec_searched(file, arguments, environment)
                       : exec_found(file, false, arguments, environment);
}

EXPORT int execve(const char *path, char *const arguments[], char *const environment[]) {
  return on_execve(path, arguments, environment);
}

EXPORT int execv(const char *path, char *const arguments[]) { return on_execve(path, arguments, environ); }

EXPORT int execvp(const char *file, char *const arguments[]) { return on_execvpe(file, arguments, environ); }

EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[]) {
  return on_execvpe(file, arguments, environment);
}

EXPORT int execveat(int directory, const char *path, char *const arguments[], char *const environment[],
                    int flags) {
  return on_execveat(directory, path, arguments, environment, flags);
}

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[]) {
  if (fd < 0 || !arguments || !environment) return fail(EINVAL);
  int (*hook)(int, char *const *, char *const *) = hook_behind(LIBC_fexecve);
  if (!hook) return on_execveat(fd, "", arguments, environment, AT_EMPTY_PATH);
  char **claimed;
  if (!completed(&environment, any_config() && file_loads_monitor(fd), &claimed)) return fail(ENOMEM);
  int result = hook(fd, arguments, environment);
  unclaim(claimed);
  return result;
}

/* Copies the variadic arguments up to their NULL into claimed memory. NULL: there is no memory. */
static char **collect(const char *first, va_list *rest) {
  size_t count = first ? 1 : 0;
  va_list counted;
  va_copy(counted, *rest);
  while (first && va_arg(counted, char *)) count++;
  va_end(counted);
  char **arguments = claim((count + 1) * sizeof(char *), rest);
  if (!arguments) return NULL;
  if (first) arguments[0] = (char *)(uintptr_t)first;
  for (size_t i = 1; first && i <= count; i++) arguments[i] = va_arg(*rest, char *);
  return arguments;
}

/*
 * Declares `arguments`, and `rest` for what follows their NULL. execl(path, NULL) has nothing more to
 * collect.
 */
#define COLLECT(first, arguments, rest)     \
  va_list rest;                             \
  va_start(rest, first);                    \
  char **arguments = collect(first, &rest); \
  if (!arguments) return va_end(rest), fail(ENOMEM);

EXPORT int execl(const char *path, const char *first, ...) {
  COLLECT(first, arguments, rest)
  va_end(rest);
  int result = on_execve(path, arguments, environ);
  unclaim(arguments);
  return result;
}

EXPORT int execlp(const char *file, const char *first, ...) {
  COLLECT(first, arguments, rest)
  va_end(rest);
  int result = on_execvpe(file, arguments, environ);
  unclaim(arguments);
  return result;
}

EXPORT int execle(const char *path, const char *first, ...) {
  COLLECT(first, arguments, rest)
  char *const *environment = va_arg(rest, char *const *);
  va_end(rest);
  int result = on_execve(path, arguments, environment);
  unclaim(arguments);
  return result;
}

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *,
                           const posix_spawnattr_t *, char *const *, char *const *);
typedef bool find_function(const char *, struct place *);

static bool find_at_path(const char *path, struct place *place) { return find_place(AT_FDCWD, path, place); }

/* A way to find a program: by its path, or along PATH. */
struct finder {
  find_function *find;
  bool (*takes)(const char *);
};

static bool path_loads_monitor(const char *path) { return loads_monitor(AT_FDCWD, path); }

static const struct finder by_path = {find_at_path, path_loads_monitor};
static const struct finder by_name = {search_place, found_loads_monitor};

/*
 * Before glibc 2.24 the caller is not told that the child found no interpreter, so the script is read first.
 */
static int spawn(spawn_function *real, const struct finder *finder, pid_t *pid, const char *file,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                 char *const *arguments, char *const *environment) {
  CLAIMED_PLACE(place);
  char **claimed;
  if (!real) return ENOSYS;
  if (!finder->find(file, &place)) return last_error();
  int error = ENOMEM;
  if (completed(&environment, any_config() && finder->takes(place.path), &claimed)) {
    bool is_path = file && text_length(place.path, 1) != UNREADABLE && *place.path == '/';
    struct started *started = is_path ? start_of(place.path, arguments, HERE) : NULL;
    error = real(pid, started ? started->script.place.path : place.path, actions, attributes,
                 started ? started->arguments : arguments, environment);
    forget_start(started);
    unclaim(claimed);
  }
  leave_place(&place);
  return error;
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const arguments[],
                       char *const environment[]) {
  return spawn(LIBC(spawn_function *, posix_spawn), &by_path, pid, path, actions, attributes, arguments,
               environment);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const arguments[],
                        char *const environment[]) {
  return spawn(LIBC(spawn_function *, posix_spawnp), &by_name, pid, file, actions, attributes, arguments,
               environment);
}

/* glibc 2.39: the same, with a descriptor of the process. */
EXPORT int pidfd_spawn(int *fd, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const arguments[],
                       char *const environment[]) {
  return spawn(LIBC(spawn_function *, pidfd_spawn), &by_path, fd, path, actions, attributes, arguments,
               environment);
}

EXPORT int pidfd_spawnp(int *fd, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const arguments[],
                        char *const environment[]) {
  return spawn(LIBC(spawn_function *, pidfd_spawnp), &by_name, fd, file, actions, attributes, arguments,
               environment);
}
