/* BOXER_REMAP: paths that the guest sees at one place and the kernel at another. */
#include <fcntl.h>
#include <sys/un.h>

#include "monitor.h"

/* Skips what does not change a path: repeated slashes and "." components. */
static const char *skip_empty(const char *path) {
  for (;;) {
    while (path[0] == '/' && (path[1] == '/' || path[1] == 0)) path++;
    if (!(path[0] == '/' && path[1] == '.' && (path[2] == '/' || path[2] == 0))) return path;
    path += 2;
  }
}

/* The rest of `path` behind the visible prefix [from, end), NULL when it is not below it. */
static const char *behind(const char *path, const char *from, const char *end) {
  for (;;) {
    path = skip_empty(path);
    while (end > from && end[-1] == '/') end--;
    if (from == end) return *path == 0 || *path == '/' ? path : NULL;
    if (*path == 0 || *path++ != *from++) return NULL;
    while (from < end && *from != '/')
      if (*path == 0 || *path++ != *from++) return NULL;
  }
}

/* Whether the rest of a path leads out of the folder that it starts in: only the file system could tell where to. */
static bool climbs_out(const char *rest) {
  int depth = 0;
  for (const char *next = skip_empty(rest); *next && depth >= 0; next = skip_empty(next)) {
    const char *name = ++next;
    while (*next && *next != '/') next++;
    depth += next - name == 2 && name[0] == '.' && name[1] == '.' ? -1 : 1;
  }
  return depth < 0;
}

/* The directory that a relative path starts from; gives its length, 0 where the kernel does not tell. */
static size_t directory_path(int directory, char room[REMAP_ROOM]) {
  if (directory == AT_FDCWD) {
    long length = raw(SYS_getcwd, room, REMAP_ROOM);
    return length > 1 && room[0] == '/' ? (size_t)length - 1 : 0;
  }
  char link[32] = "/proc/self/fd/";
  size_t at = sizeof "/proc/self/fd/" - 1;
  if (directory < 0) return 0;
  for (int rest = directory, digits = 1; digits; rest /= 10, digits = rest > 0) at++;
  for (int rest = directory, digit = (int)at - 1; digit >= (int)sizeof "/proc/self/fd/" - 1; rest /= 10) link[digit--] = (char)('0' + rest % 10);
  link[at] = 0;
  long length = raw(SYS_readlinkat, AT_FDCWD, link, room, REMAP_ROOM - 1);
  return length > 0 && room[0] == '/' ? (size_t)length : 0;
}

static const char *remapped_absolute(const char *path, char room[REMAP_ROOM]);

/* A relative path is moved when the path that it stands for is: `mkdir -p /run/app` goes there step by step. */
static const char *remapped_relative(int directory, const char *path, char room[REMAP_ROOM]) {
  char whole[REMAP_ROOM];
  size_t length = directory_path(directory, whole);
  size_t size = strlen(path) + 1;
  if (length == 0 || length + 1 + size > sizeof whole) return path;
  whole[length] = '/';
  memcpy(whole + length + 1, path, size);
  const char *there = remapped_absolute(whole, room);
  return there == whole ? path : there;
}

const char *remapped(const char *path, char room[REMAP_ROOM]) { return remapped_at(AT_FDCWD, path, room); }

const char *remapped_at(int directory, const char *path, char room[REMAP_ROOM]) {
  if (!path || !*path || !remap_value()) return path;
  return *path == '/' ? remapped_absolute(path, room) : remapped_relative(directory, path, room);
}

/* Which rules there are, as offsets into BOXER_REMAP: read once, since nearly every path that is asked about is none of theirs. */
#define RULES 1024
struct rule {
  uint16_t visible;
  uint16_t visible_length;
  uint16_t real;
  uint16_t real_length;
};
static struct {
  struct rule rules[RULES];
  uint32_t count;
  uint64_t beginnings; /* a bit for the first two letters of each visible path */
  bool odd;            /* one of them is not written in the plainest way */
} known;

static uint64_t beginning(const char *path) {
  return UINT64_C(1) << (((uint8_t)path[1] * 7u + (path[1] ? (uint8_t)path[2] : 0u)) & 63u);
}

/* Repeated slashes and components that begin with a dot need a closer look. */
static bool is_plain(const char *path, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (path[i] == '/' && (path[i + 1] == '/' || path[i + 1] == '.')) return false;
  return true;
}

void remap_read(const char *value) {
  uint64_t beginnings = 0;
  uint32_t count = 0;
  bool odd = false;
  for (const char *rule = value; *rule;) {
    const char *equals = rule;
    while (*equals && *equals != '=' && *equals != ':') equals++;
    const char *end = equals;
    while (*end && *end != ':') end++;
    size_t length = (size_t)(equals - rule);
    while (length > 0 && rule[length - 1] == '/') length--;
    if (*equals == '=' && *rule == '/' && count < RULES && end - value <= UINT16_MAX) {
      known.rules[count++] = (struct rule){.visible = (uint16_t)(rule - value),
                                           .visible_length = (uint16_t)length,
                                           .real = (uint16_t)(equals + 1 - value),
                                           .real_length = (uint16_t)(end - equals - 1)};
      odd = odd || length < 2 || !is_plain(rule, length - 1);
      /* Of a single letter the path may end or go on behind it. */
      if (length >= 2) beginnings |= beginning(rule);
      if (length == 2) beginnings |= beginning((char[]){'/', rule[1], 0}) | beginning((char[]){'/', rule[1], '/'});
    }
    rule = *end ? end + 1 : end;
  }
  known.odd = odd;
  known.beginnings = beginnings;
  known.count = count;
}

static bool is_below(const char *path, const char *visible_path, size_t length) {
  for (size_t i = 1; i < length; i++)
    if (path[i] != visible_path[i]) return false;
  return path[length] == '/' || path[length] == 0;
}

/* The rule that a path is below, and the rest of the path; the first one counts. */
static const struct rule *rule_of(const char *path, const char **rest) {
  const char *value = remap_value();
  bool plain = !known.odd && path[1] != '/' && path[1] != '.';
  if (plain && !(known.beginnings & beginning(path))) return NULL;
  size_t length = strlen(path);
  plain = plain && is_plain(path, length);
  for (const struct rule *rule = known.rules; rule < known.rules + known.count; rule++) {
    const char *from = value + rule->visible;
    if (!plain)
      *rest = behind(path, from, from + rule->visible_length);
    else
      *rest = length >= rule->visible_length && is_below(path, from, rule->visible_length) ? skip_empty(path + rule->visible_length) : NULL;
    if (*rest) return rule;
  }
  return NULL;
}

/*
 * Out of a visible folder that the file system has too, it leads to where that one is. Out of one that is nowhere but in the guest's
 * eyes (/dev/shm in a function), to the folder above it.
 */
__attribute__((noinline)) static const char *climbed(const char *path, const struct rule *rule, char room[REMAP_ROOM]) {
  char plain[REMAP_ROOM];
  memcpy(plain, remap_value() + rule->visible, rule->visible_length);
  plain[rule->visible_length] = 0;
  if (raw(SYS_faccessat, AT_FDCWD, plain, 0) != -ENOENT || !lexical_path(path, plain)) return path;
  const char *there = remapped_absolute(plain, room);
  return there == plain ? memcpy(room, plain, strlen(plain) + 1) : there;
}

static const char *remapped_absolute(const char *path, char room[REMAP_ROOM]) {
  const char *rest;
  const struct rule *rule = rule_of(path, &rest);
  if (!rule) return path;
  if (climbs_out(rest)) return climbed(path, rule, room);
  size_t size = strlen(rest) + 1;
  if (rule->real_length + size > REMAP_ROOM) {
    fail(ENAMETOOLONG);
    return NULL;
  }
  memcpy(room, remap_value() + rule->real, rule->real_length);
  memcpy(room + rule->real_length, rest, size);
  return room;
}

socklen_t remapped_unix(const struct sockaddr *address, socklen_t length, union address *room) {
  const size_t header = offsetof(struct sockaddr_un, sun_path);
  memset(room, 0, sizeof *room);
  if (length > sizeof *room) length = sizeof *room;
  memcpy(room, address, length);
  if (length <= header) return length;
  /* A terminating NUL is optional in a Unix address. */
  char path[sizeof *room + 1] = {0};
  char moved[REMAP_ROOM];
  memcpy(path, (const char *)address + header, length - header);
  const char *there = remapped(path, moved);
  if (there == path || !there) return length;
  size_t size = strlen(there) + 1;
  if (size > sizeof((struct sockaddr_un *)0)->sun_path) return length;
  memcpy((char *)room + header, there, size);
  return (socklen_t)(header + size);
}
