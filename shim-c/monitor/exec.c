/* The exec family and posix_spawn: the preload survives a cleared environment (env -i, sudo, nginx). vfork-safe: see claim.c. */
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>

#include "libc.h"
#include "script.h"

extern char **environ;

#define PRELOAD "LD_PRELOAD="
#define LONGEST_VARIABLE (128u * 1024)

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

/* How many there are in front of the NULL; false: the kernel will say EFAULT. */
static bool count_of(char *const *list, size_t *count) {
  *count = 0;
  while (list && can_read(&list[*count], sizeof *list) && list[*count]) ++*count;
  return !list || can_read(&list[*count], sizeof *list);
}

/* Not all of it, but as much as the names that are looked for. */
static bool can_read_name(const char *variable) { return text_length(variable, sizeof "BOXER_SOCKET=") != UNREADABLE; }

/* False: nothing is missing (or we know nothing to add). */
static bool examine(char *const *environment, struct completion *found) {
  const struct config *config = any_config();
  if (!config) return false;
  *found = (struct completion){.add_preload = config->preload[0] != 0,
                               .add_socket = config->socket_setting[0] != 0,
                               .add_remap = config->remap_setting[0] != 0};
  if (!count_of(environment, &found->variables)) return false;
  for (size_t i = 0; i < found->variables; i++) {
    const char *variable = environment[i];
    if (!can_read_name(variable)) return false;
    if (starts_with(variable, "BOXER_SOCKET=")) found->add_socket = false;
    if (starts_with(variable, "BOXER_REMAP=")) found->add_remap = false;
    if (!starts_with(variable, PRELOAD) || !found->add_preload) continue;
    found->preload = variable + sizeof PRELOAD - 1;
    /* More than the kernel takes for one variable. */
    if (text_length(found->preload, LONGEST_VARIABLE) >= LONGEST_VARIABLE) return false;
    if (has_entry(found->preload, config->preload)) found->add_preload = false;
  }
  return found->add_preload || found->add_socket || found->add_remap;
}

/* Ours first, so that a library of the guest's finds us behind it as it would find libc. */
static void join_preload(const struct completion *found, char *room) {
  const struct config *config = any_config();
  size_t length = sizeof PRELOAD - 1;
  memcpy(room, PRELOAD, length);
  memcpy(room + length, config->preload, strlen(config->preload) + 1);
  length += strlen(config->preload);
  if (!found->preload || !*found->preload) return;
  room[length++] = ':';
  memcpy(room + length, found->preload, strlen(found->preload) + 1);
}

static void complete(char *const *environment, const struct completion *found, char **to, char *room) {
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

/* The environment to hand on: the guest's own, or `*claimed`, which has to be given back. False: there is no memory. */
__attribute__((noinline)) static bool completed(char *const **environment, char ***claimed) {
  struct completion found;
  *claimed = NULL;
  if (!examine(*environment, &found)) return true;
  size_t pointers = (found.variables + 4) * sizeof(char *);
  size_t preload = sizeof PRELOAD + sizeof any_config()->preload + (found.preload ? strlen(found.preload) + 1 : 0);
  char **variables = claim(pointers + preload, claimed);
  if (!variables) return false;
  complete(*environment, &found, variables, (char *)variables + pointers);
  *claimed = variables;
  *environment = variables;
  return true;
}

/* A script and its interpreter's arguments; NULL: the file is none whose interpreter only the guest knows. */
struct started {
  struct script script;
  char *arguments[];
};

__attribute__((noinline)) static struct started *start_of(const char *path, char *const *arguments, const void *owner) {
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

/* `result` is how the kernel fared: where it found no interpreter for a script, it may be one that only the guest knows. */
static long exec_script(long result, const char *path, char *const *arguments, char *const *environment) {
  struct started *started = result == -ENOENT ? start_of(path, arguments, HERE) : NULL;
  if (!started) return result;
  result = raw(SYS_execve, started->script.place.path, started->arguments, environment);
  forget_start(started);
  return result;
}

static long exec_at(int directory, const char *path, char *const *arguments, char *const *environment, int flags) {
  if (directory != AT_FDCWD || flags) return raw(SYS_execveat, directory, path, arguments, environment, flags);
  return exec_script(raw(SYS_execve, path, arguments, environment), path, arguments, environment);
}

__attribute__((noinline)) static long exec_moved(int directory, const char *path, char *const *arguments, char *const *environment, int flags) {
  SHORT_PLACE(place);
  if (!find_place(directory, path, &place)) return -last_error();
  long result = exec_at(directory, place.path, arguments, environment, flags);
  leave_place(&place);
  return result;
}

int on_execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags) {
  char **claimed;
  if (!completed(&environment, &claimed)) return fail(ENOMEM);
  long result = stays(directory, path) ? exec_at(directory, path, arguments, environment, flags)
                                       : exec_moved(directory, path, arguments, environment, flags);
  unclaim(claimed);
  return (int)returned(result);
}

int on_execve(const char *path, char *const *arguments, char *const *environment) {
  return on_execveat(AT_FDCWD, path, arguments, environment, 0);
}

/* What to do with a file that is no program is this libc's own. */
static int call_execvpe(const char *file, char *const *arguments, char *const *environment) {
  int (*real)(const char *, char *const *, char *const *) =
      LIBC(int (*)(const char *, char *const *, char *const *), execvpe);
  return real ? real(file, arguments, environment) : fail(ENOSYS);
}

__attribute__((noinline)) static int exec_searched(const char *file, char *const *arguments, char *const *environment) {
  CLAIMED_PLACE(place);
  if (!search_place(file, &place)) return -1;
  int result = call_execvpe(place.path, arguments, environment);
  if (file && *place.path == '/' && last_error() == ENOENT)
    result = (int)returned(exec_script(-ENOENT, place.path, arguments, environment));
  leave_place(&place);
  return result;
}

static int on_execvpe(const char *file, char *const *arguments, char *const *environment) {
  char **claimed;
  if (!completed(&environment, &claimed)) return fail(ENOMEM);
  int result = remap_value() ? exec_searched(file, arguments, environment) : call_execvpe(file, arguments, environment);
  unclaim(claimed);
  return result;
}

EXPORT int execve(const char *path, char *const arguments[], char *const environment[]) {
  return on_execve(path, arguments, environment);
}

EXPORT int execv(const char *path, char *const arguments[]) { return on_execve(path, arguments, environ); }

EXPORT int execvp(const char *file, char *const arguments[]) { return on_execvpe(file, arguments, environ); }

EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[]) {
  return on_execvpe(file, arguments, environment);
}

EXPORT int execveat(int directory, const char *path, char *const arguments[], char *const environment[], int flags) {
  return on_execveat(directory, path, arguments, environment, flags);
}

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[]) {
  if (fd < 0 || !arguments || !environment) return fail(EINVAL);
  return on_execveat(fd, "", arguments, environment, AT_EMPTY_PATH);
}

/* The variadic arguments up to their NULL, in claimed memory. NULL: there is none. */
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

/* Declares `arguments` and, behind their NULL, `rest`; execl(path, NULL) has nothing behind its first argument to be collected. */
#define COLLECT(first, arguments, rest)      \
  va_list rest;                              \
  va_start(rest, first);                     \
  char **arguments = collect(first, &rest);  \
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

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                           char *const *, char *const *);
typedef bool find_function(const char *, struct place *);

static bool find_at_path(const char *path, struct place *place) { return find_place(AT_FDCWD, path, place); }

/* Before glibc 2.24 nobody hears that the child found no interpreter, so the script is read first. */
static int spawn(spawn_function *real, find_function *find, pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment) {
  CLAIMED_PLACE(place);
  char **claimed;
  if (!real) return ENOSYS;
  if (!find(file, &place)) return last_error();
  int error = ENOMEM;
  if (completed(&environment, &claimed)) {
    bool is_path = file && text_length(place.path, 1) != UNREADABLE && *place.path == '/';
    struct started *started = is_path ? start_of(place.path, arguments, HERE) : NULL;
    error = real(pid, started ? started->script.place.path : place.path, actions, attributes, started ? started->arguments : arguments,
                 environment);
    forget_start(started);
    unclaim(claimed);
  }
  leave_place(&place);
  return error;
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  return spawn(LIBC(spawn_function *, posix_spawn), find_at_path, pid, path, actions, attributes, arguments, environment);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
  return spawn(LIBC(spawn_function *, posix_spawnp), search_place, pid, file, actions, attributes, arguments, environment);
}
