/* The exec family and posix_spawn: the preload survives a cleared environment (env -i, sudo, nginx). vfork-safe: stack only. */
#include <alloca.h>
#include <spawn.h>
#include <stdarg.h>

#include "libc.h"
#include "script.h"

extern char **environ;

#define PRELOAD "LD_PRELOAD="
#define PRELOAD_ROOM 4096
#define VARIABLES 8192 /* a larger environment is passed on as it is: it has no place on a stack */

/* How an environment has to be completed; `variables` of it are needed for `complete()`. */
struct completion {
  size_t variables;
  const char *preload; /* the guest's own LD_PRELOAD, without our entry */
  bool add_preload;
  bool add_socket;
  bool add_remap;
};

static bool has_entry(const char *value, const char *entry) {
  size_t length = strlen(entry);
  for (; *value; value++) {
    if (starts_with(value, entry) && (value[length] == 0 || value[length] == ':' || value[length] == ' ')) return true;
    while (value[1] && *value != ':' && *value != ' ') value++;
  }
  return false;
}

/* False: nothing is missing (or we know nothing to add). */
static bool examine(char *const *environment, struct completion *found) {
  const struct config *config = any_config();
  if (!config) return false;
  *found = (struct completion){.add_preload = config->preload[0] != 0,
                               .add_socket = config->socket_setting[0] != 0,
                               .add_remap = config->remap_setting[0] != 0};
  if (environment)
    for (; environment[found->variables]; found->variables++) {
      const char *variable = environment[found->variables];
      if (starts_with(variable, "BOXER_SOCKET=")) found->add_socket = false;
      if (starts_with(variable, "BOXER_REMAP=")) found->add_remap = false;
      if (!starts_with(variable, PRELOAD) || !found->add_preload) continue;
      found->preload = variable + sizeof PRELOAD - 1;
      if (has_entry(found->preload, config->preload)) found->add_preload = false;
    }
  bool fits = found->variables <= VARIABLES &&
              (!found->preload || strlen(found->preload) + sizeof PRELOAD + sizeof config->preload < PRELOAD_ROOM);
  return fits && (found->add_preload || found->add_socket || found->add_remap);
}

/* Ours first, so that a library of the guest's finds us behind it as it would find libc. */
static void join_preload(const struct completion *found, char room[PRELOAD_ROOM]) {
  const struct config *config = any_config();
  size_t length = sizeof PRELOAD - 1;
  memcpy(room, PRELOAD, length);
  memcpy(room + length, config->preload, strlen(config->preload) + 1);
  length += strlen(config->preload);
  if (!found->preload || !*found->preload) return;
  room[length++] = ':';
  memcpy(room + length, found->preload, strlen(found->preload) + 1);
}

static void complete(char *const *environment, const struct completion *found, char **to, char room[PRELOAD_ROOM]) {
  const struct config *config = any_config();
  for (size_t i = 0; i < found->variables; i++)
    if (!(found->add_preload && starts_with(environment[i], PRELOAD))) *to++ = environment[i];
  if (found->add_preload) {
    join_preload(found, room);
    *to++ = room;
  }
  if (found->add_socket) *to++ = (char *)config->socket_setting;
  if (found->add_remap) *to++ = (char *)config->remap_setting;
  *to = NULL;
}

/* Declares `completed`, the environment to hand on; it lives in the calling function's frame. */
#define COMPLETE_ENVIRONMENT(environment, completed)                                                \
  char *const *completed = (environment);                                                           \
  char preload_room[PRELOAD_ROOM];                                                                  \
  struct completion completion;                                                                     \
  if (examine((environment), &completion)) {                                                        \
    char **variables = alloca((completion.variables + 4) * sizeof(char *));                         \
    complete((environment), &completion, variables, preload_room);                                  \
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
  COMPLETE_ENVIRONMENT(environment, completed)
  char room[REMAP_ROOM];
  const char *there = remapped(path, room);
  if (path && !there) return -1;
  long result = raw(SYS_execve, there, arguments, completed);
  return (int)returned(result == -ENOENT ? exec_script(result, there, arguments, completed) : result);
}

/* What to do with a file that is no program is this libc's own. */
static int on_execvpe(const char *file, char *const *arguments, char *const *environment) {
  COMPLETE_ENVIRONMENT(environment, completed)
  char room[REMAP_ROOM];
  const char *there = searched(file, room);
  if (file && !there) return -1;
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
  COMPLETE_ENVIRONMENT(environment, completed)
  char room[REMAP_ROOM];
  const char *there = remapped_at(directory, path, room);
  if (path && !there) return -1;
  return (int)returned(raw(SYS_execveat, directory, there, arguments, completed, flags));
}

EXPORT int execveat(int directory, const char *path, char *const arguments[], char *const environment[], int flags) {
  return on_execveat(directory, path, arguments, environment, flags);
}

#define AT_EMPTY_PATH 0x1000

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[]) {
  if (fd < 0 || !arguments || !environment) return fail(EINVAL);
  COMPLETE_ENVIRONMENT(environment, completed)
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
  COMPLETE_ENVIRONMENT(environment, completed)
  char room[REMAP_ROOM];
  return spawn(LIBC(spawn_function *, posix_spawn), pid, remapped(path, room), actions, attributes, arguments, completed);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  COMPLETE_ENVIRONMENT(environment, completed)
  char room[REMAP_ROOM];
  return spawn(LIBC(spawn_function *, posix_spawnp), pid, searched(file, room), actions, attributes, arguments, completed);
}
