/* The way back: what the guest calls a path that stands elsewhere, for the calls that tell it where it is. */
#include <limits.h>
#include <sys/un.h>

#include "libc.h"
#include "monitor.h"

static bool is_below(const char *path, const char *folder, size_t length) {
  return length > 1 && memcmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* Of two visible names for one place the shorter: /run, not /var/run, as realpath() would say. */
const char *visible(const char *path, char room[REMAP_ROOM]) {
  const char *rule = remap_value();
  size_t path_length = rule && path && *path == '/' ? strlen(path) : 0;
  const char *best = NULL;
  size_t best_length = 0;
  size_t best_real = 0;
  while (path_length > 0 && *rule) {
    const char *equals = rule;
    while (*equals && *equals != '=' && *equals != ':') equals++;
    const char *end = equals;
    while (*end && *end != ':') end++;
    size_t length = (size_t)(equals - rule);
    size_t real = *equals == '=' ? (size_t)(end - equals - 1) : 0;
    while (real > 1 && equals[real] == '/') real--;
    while (length > 1 && rule[length - 1] == '/') length--;
    bool better = real > best_real || (real == best_real && length < best_length);
    if (*rule == '/' && real <= path_length && better && is_below(path, equals + 1, real)) {
      best = rule;
      best_length = length;
      best_real = real;
    }
    rule = *end ? end + 1 : end;
  }
  size_t rest = path_length - best_real + 1;
  if (!best || best_length + rest > REMAP_ROOM) return path;
  memcpy(room, best, best_length);
  memcpy(room + best_length, path + best_real, rest);
  return room;
}

bool visible_unix(union address *address, socklen_t *length) {
  const size_t header = offsetof(struct sockaddr_un, sun_path);
  if (address->any.sa_family != AF_UNIX || *length <= header || !remap_value()) return false;
  char room[REMAP_ROOM];
  char path[sizeof *address + 1] = {0};
  memcpy(path, (const char *)address + header, *length - header);
  const char *seen = visible(path, room);
  size_t size = strlen(seen) + 1;
  if (seen == path || size > sizeof((struct sockaddr_un *)0)->sun_path) return false;
  memcpy((char *)address + header, seen, size);
  *length = (socklen_t)(header + size);
  return true;
}

/* A string that the guest may free(): libc's allocator, or whichever takes its place, makes it. */
static char *copy(const char *text) {
  char *(*real)(const char *) = LIBC(char *(*)(const char *), strdup);
  return real ? real(text) : NULL;
}

/* The working directory by its visible name; NULL where that is the kernel's. */
static const char *visible_directory(char room[REMAP_ROOM]) {
  char kernel[REMAP_ROOM];
  if (!remap_value() || raw(SYS_getcwd, kernel, sizeof kernel) <= 0) return NULL;
  const char *found = visible(kernel, room);
  return found == kernel ? NULL : found;
}

long on_getcwd(char *to, size_t size) {
  char room[REMAP_ROOM];
  const char *found = visible_directory(room);
  if (!found) return returned(raw(SYS_getcwd, to, size));
  size_t length = strlen(found) + 1;
  if (length > size) return fail(ERANGE);
  memcpy(to, found, length);
  return (long)length;
}

typedef char *getcwd_function(char *, size_t);

EXPORT char *getcwd(char *to, size_t size) {
  char room[REMAP_ROOM];
  const char *found = visible_directory(room);
  getcwd_function *real = LIBC(getcwd_function *, getcwd);
  if (!found) return real ? real(to, size) : (fail(ENOSYS), NULL);
  size_t length = strlen(found) + 1;
  if (to && size == 0) return fail(EINVAL), NULL;
  if (size > 0 && length > size) return fail(ERANGE), NULL;
  if (to) return memcpy(to, found, length);
  /* glibc's answer has as much room as was asked for. */
  char *roomy = size > 0 && real ? real(NULL, size) : NULL;
  return roomy && strlen(roomy) >= length - 1 ? memcpy(roomy, found, length) : copy(found);
}

EXPORT char *getwd(char *to) { return to ? getcwd(to, PATH_MAX) : (fail(EINVAL), NULL); }

EXPORT char *get_current_dir_name(void) {
  char room[REMAP_ROOM];
  const char *found = visible_directory(room);
  if (found) return copy(found);
  char *(*real)(void) = LIBC(char *(*)(void), get_current_dir_name);
  return real ? real() : NULL;
}

/* What realpath() found, by its visible name: in the guest's buffer, which has PATH_MAX bytes, or in memory that is its own. */
static char *seen(char *found, char *to) {
  char room[REMAP_ROOM];
  const char *there = found ? visible(found, room) : found;
  if (there == found) return found;
  size_t length = strlen(there) + 1;
  if (to ? length <= PATH_MAX : length <= strlen(found) + 1) return memcpy(found, there, length);
  return to ? found : copy(there);
}

typedef char *realpath_function(const char *, char *);
typedef char *realpath_chk_function(const char *, char *, size_t);

EXPORT char *realpath(const char *path, char *to) {
  char room[REMAP_ROOM];
  const char *there = remapped(path, room);
  realpath_function *real = LIBC(realpath_function *, realpath);
  if (!real || (path && !there)) return real ? NULL : (fail(ENOSYS), NULL);
  return seen(real(there, to), to);
}

EXPORT char *__realpath_chk(const char *path, char *to, size_t size) {
  char room[REMAP_ROOM];
  const char *there = remapped(path, room);
  realpath_chk_function *real = LIBC(realpath_chk_function *, __realpath_chk);
  if (!real || (path && !there)) return real ? NULL : (fail(ENOSYS), NULL);
  return seen(real(there, to, size), to);
}

EXPORT char *canonicalize_file_name(const char *path) { return realpath(path, NULL); }
