/* The exec family and posix_spawn: the preload survives a cleared environment (env -i, sudo, nginx). vfork-safe: stack only. */
#include <alloca.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>

#include "environment.h"
#include "libc.h"
#include "script.h"
#include "target.h"

extern char **environ;

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#define VARIABLES 8192 /* a larger environment is passed on as it is: it has no place on a stack */

/* Declares `completed`, the environment to hand on to a program that takes us or does not; it lives in the calling function's frame. */
#define COMPLETE_ENVIRONMENT(environment, takes, completed)                                         \
  char *const *completed = (environment);                                                           \
  struct completion completion;                                                                     \
  if (any_config() && examine_environment((environment), (takes), &completion) && completion.variables <= VARIABLES) { \
    char **variables = alloca(completed_size(&completion));                                         \
    complete_environment((environment), &completion, variables);                                    \
    completed = variables;                                                                          \
  }

static size_t count_of(char *const *list) {
  size_t count = 0;
  while (list && list[count]) count++;
  return count;
}

/* `result` is how the kernel fared: where it found no interpreter for a script, it may be one that only the guest knows. */
static long exec_script(long result, const char *path, char *const *arguments, char *const *environment) {
  struct script script;
  if (!remap_value() || !read_script(path, &script)) return result;
  char **all = alloca((count_of(arguments) + SCRIPT_ARGUMENTS + 1) * sizeof(char *));
  script_arguments(&script, path, arguments, all);
  return raw(SYS_execve, script.place, all, environment);
}

int on_execve(const char *path, char *const *arguments, char *const *environment) {
  char room[REMAP_ROOM];
  const char *there = remapped(path, room);
  if (path && !there) return -1;
  COMPLETE_ENVIRONMENT(environment, takes_us(AT_FDCWD, there), completed)
  long result = next(execve, there, arguments, completed);
  return (int)returned(result == -ENOENT ? exec_script(result, there, arguments, completed) : result);
}

/* What to do with a file that is no program is this libc's own. */
static int on_execvpe(const char *file, char *const *arguments, char *const *environment) {
  char room[REMAP_ROOM];
  const char *there = searched(file, room);
  if (file && !there) return -1;
  COMPLETE_ENVIRONMENT(environment, found_takes_us(there), completed)
  int (*real)(const char *, char *const *, char *const *) =
      LIBC(int (*)(const char *, char *const *, char *const *), execvpe);
  int result = real ? real(there, arguments, completed) : fail(ENOSYS);
  if (!there || *there != '/' || last_error() != ENOENT) return result;
  return (int)returned(exec_script(-ENOENT, there, arguments, completed));
}

EXPORT int execve(const char *path, char *const arguments[], char *const environment[]) {
  return on_execve(path, arguments, environment);
}

EXPORT int execv(const char *path, char *const arguments[]) { return on_execve(path, arguments, environ); }

EXPORT int execvp(const char *file, char *const arguments[]) { return on_execvpe(file, arguments, environ); }

EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[]) {
  return on_execvpe(file, arguments, environment);
}

int on_execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags) {
  char room[REMAP_ROOM];
  const char *there = remapped_at(directory, path, room);
  if (path && !there) return -1;
  bool takes = flags & AT_EMPTY_PATH ? file_takes_us(directory) : takes_us(directory, there);
  COMPLETE_ENVIRONMENT(environment, takes, completed)
  return (int)returned(next(execveat, directory, there, arguments, completed, flags));
}

EXPORT int execveat(int directory, const char *path, char *const arguments[], char *const environment[], int flags) {
  return on_execveat(directory, path, arguments, environment, flags);
}

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[]) {
  if (fd < 0 || !arguments || !environment) return fail(EINVAL);
  COMPLETE_ENVIRONMENT(environment, file_takes_us(fd), completed)
  int (*hook)(int, char *const *, char *const *) = hook_behind(LIBC_fexecve);
  if (hook) return hook(fd, arguments, completed);
  return (int)returned(raw(SYS_execveat, fd, "", arguments, completed, AT_EMPTY_PATH));
}

/* Declares `arguments` out of the variadic ones, and leaves `rest` behind their NULL. */
#define COLLECT(first, arguments, rest)                                                        \
  va_list rest;                                                                                \
  size_t count = 1;                                                                            \
  va_start(rest, first);                                                                       \
  while (va_arg(rest, char *)) count++;                                                        \
  va_end(rest);                                                                                \
  char **arguments = alloca((count + 1) * sizeof(char *));                                     \
  arguments[0] = (char *)(first);                                                              \
  va_start(rest, first);                                                                       \
  for (size_t i = 1; i <= count; i++) arguments[i] = va_arg(rest, char *);

/* execl(path, NULL) has nothing behind its first argument to be collected. */
static char *const no_arguments[] = {NULL};

EXPORT int execl(const char *path, const char *first, ...) {
  if (!first) return on_execve(path, no_arguments, environ);
  COLLECT(first, arguments, rest)
  va_end(rest);
  return on_execve(path, arguments, environ);
}

EXPORT int execlp(const char *file, const char *first, ...) {
  if (!first) return on_execvpe(file, no_arguments, environ);
  COLLECT(first, arguments, rest)
  va_end(rest);
  return on_execvpe(file, arguments, environ);
}

EXPORT int execle(const char *path, const char *first, ...) {
  if (!first) {
    va_list only;
    va_start(only, first);
    char *const *environment = va_arg(only, char *const *);
    va_end(only);
    return on_execve(path, no_arguments, environment);
  }
  COLLECT(first, arguments, rest)
  char *const *environment = va_arg(rest, char *const *);
  va_end(rest);
  return on_execve(path, arguments, environment);
}

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                           char *const *, char *const *);

/* Before glibc 2.24 nobody hears that the child found no interpreter, so the script is read first. */
static int spawn(spawn_function *real, pid_t *pid, const char *there, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment) {
  struct script script;
  if (!there || !real) return there ? ENOSYS : ENAMETOOLONG;
  if (*there != '/' || !remap_value() || !read_script(there, &script))
    return real(pid, there, actions, attributes, arguments, environment);
  char **all = alloca((count_of(arguments) + SCRIPT_ARGUMENTS + 1) * sizeof(char *));
  script_arguments(&script, there, arguments, all);
  return real(pid, script.place, actions, attributes, all, environment);
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  char room[REMAP_ROOM];
  const char *there = remapped(path, room);
  COMPLETE_ENVIRONMENT(environment, takes_us(AT_FDCWD, there), completed)
  return spawn(LIBC(spawn_function *, posix_spawn), pid, there, actions, attributes, arguments, completed);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  char room[REMAP_ROOM];
  const char *there = searched(file, room);
  COMPLETE_ENVIRONMENT(environment, found_takes_us(there), completed)
  return spawn(LIBC(spawn_function *, posix_spawnp), pid, there, actions, attributes, arguments, completed);
}

/* glibc 2.39: the same, with a descriptor of the process. */
EXPORT int pidfd_spawn(int *fd, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                       char *const arguments[], char *const environment[]) {
  char room[REMAP_ROOM];
  const char *there = remapped(path, room);
  COMPLETE_ENVIRONMENT(environment, takes_us(AT_FDCWD, there), completed)
  return spawn(LIBC(spawn_function *, pidfd_spawn), fd, there, actions, attributes, arguments, completed);
}

EXPORT int pidfd_spawnp(int *fd, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                        char *const arguments[], char *const environment[]) {
  char room[REMAP_ROOM];
  const char *there = searched(file, room);
  COMPLETE_ENVIRONMENT(environment, found_takes_us(there), completed)
  return spawn(LIBC(spawn_function *, pidfd_spawnp), fd, there, actions, attributes, arguments, completed);
}
