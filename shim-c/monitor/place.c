/* Finds the real path of a path of the guest's. */
#include "place.h"

#include <fcntl.h>

#include "claim.h"
#include "config.h"
#include "lexical.h"
#include "monitor.h"
#include "reading.h"
#include "rules.h"
#include "table.h"
#include "trace.h"

/* Claims room for the longest paths, and keeps the first `used` bytes. */
static bool grow(char **text, const char *short_text, size_t used) {
  if (*text != short_text) return true;
  char *longer = claim(2 * REMAP_ROOM, text);
  if (!longer) return fail(ENOMEM), false;
  memcpy(longer, *text, used);
  *text = longer;
  return true;
}

static long ask_directory(int directory, char *to, size_t room) {
  if (directory == AT_FDCWD) {
    long size = raw(SYS_getcwd, to, room);
    return size == -ERANGE ? (long)room : size - 1;
  }
  if (directory < 0) return 0;
  char link[32] = "/proc/self/fd/";
  size_t end = sizeof "/proc/self/fd/" - 1;
  size_t start = end;
  for (int rest = directory; rest > 0 || end == start; rest /= 10) end++;
  for (int rest = directory, digit = (int)end - 1; digit >= (int)start; rest /= 10)
    link[digit--] = (char)('0' + rest % 10);
  return raw(SYS_readlinkat, AT_FDCWD, link, to, room);
}

/* Relative paths have to be remapped, too: `mkdir -p /run/app` goes step by step, by relative paths. */
long absolute_path(int directory, const char *path, size_t length, char **text, size_t room) {
  const char *short_text = *text;
  if (room == 0 && !grow(text, short_text, 0)) return -1;
  if (room == 0) room = REMAP_ROOM;
  long start = ask_directory(directory, *text, room);
  if (start >= (long)room) {
    if (!grow(text, short_text, 0)) return -1;
    start = ask_directory(directory, *text, REMAP_ROOM);
  }
  size_t used = start > 0 && **text == '/' ? (size_t)start : 0;
  if (used == 0 || used + 1 + length >= REMAP_ROOM) return 0;
  if (*text == short_text && used + 1 + length >= room && !grow(text, short_text, used)) return -1;
  if ((*text)[used - 1] != '/') (*text)[used++] = '/';
  memcpy(*text + used, path, length);
  (*text)[used + length] = 0;
  return (long)(used + length);
}

/* Enough for most directories and the paths that are opened in them. */
#define RELATIVE_ROOM 224

__attribute__((noinline)) static bool is_relative_remapped(int directory, const char *path, size_t length) {
  char short_text[RELATIVE_ROOM];
  char *text = short_text;
  const char *rest;
  long whole = absolute_path(directory, path, length, &text, sizeof short_text);
  bool moved = whole < 0 || (whole > 0 && rule_of(text, (size_t)whole, &rest));
  if (text != short_text) unclaim(text);
  return moved;
}

static bool is_short_page(const char *path) { return (uintptr_t)path % REMAP_ROOM > REMAP_ROOM - 4; }

bool is_remapped(int directory, const char *path) {
  if (!remap_value() || !path || !can_read(path, 1) || !*path) return false;
  if (*path == '/' && !is_short_page(path) && !begins_like_a_rule(path)) return false;
  size_t length = text_length(path, REMAP_ROOM);
  if (length >= REMAP_ROOM) return false;
  const char *rest;
  return *path == '/' ? rule_of(path, length, &rest) != NULL : is_relative_remapped(directory, path, length);
}

static bool is_inside(const struct place *place, const char *text) {
  size_t room = place->text == place->short_text ? place->short_room : 2 * REMAP_ROOM;
  return (uintptr_t)text - (uintptr_t)place->text < room;
}

/* Writes the rule's real path and `rest`, which may be part of the place's own text. */
static bool move_to(struct place *place, const struct rule *rule, const char *rest) {
  size_t length = strlen(rest);
  size_t size = rule->real_length + length + 1;
  bool inside = is_inside(place, rest);
  size_t offset = inside ? (size_t)(rest - place->text) : 0;
  if (size > REMAP_ROOM) return fail(ENAMETOOLONG), false;
  if (size + 1 > place->short_room && !grow(&place->text, place->short_text, inside ? offset + length : 0))
    return false;
  memmove(place->text + rule->real_length, inside ? place->text + offset : rest, length);
  memcpy(place->text, rule->real, rule->real_length);
  if (size == 1) place->text[size++ - 1] = '/';
  place->text[size - 1] = 0;
  place->path = place->text;
  return true;
}

/*
 * A path leads out of the visible folder with "..". Where the file system has that folder, the kernel follows
 * the path. Where only the guest sees it (/dev/shm in a function), the path leads to the visible folder's
 * parent.
 */
static bool climb(struct place *place, const char *path, size_t length, const struct rule *rule) {
  if (raw(SYS_faccessat, AT_FDCWD, rule->visible, 0) != -ENOENT) return true;
  if (length + 2 > place->short_room && !grow(&place->text, place->short_text, 0)) return false;
  lexical_path(path, place->text);
  place->path = place->text;
  const char *rest;
  rule = rule_of(place->text, strlen(place->text), &rest);
  return !rule || move_to(place, rule, rest);
}

/*
 * The supervisor writes /etc/boxer when the node has joined, and answers nobody before. A guest that runs
 * already waits here for both.
 */
static void await_discovery(const struct rule *rule) {
  static const char discovery[] = "/etc/boxer";
  if (rule->visible_length == sizeof discovery - 1 &&
      memcmp(rule->visible, discovery, sizeof discovery - 1) == 0)
    await_table();
}

static bool move(struct place *place, int directory, size_t length) {
  const char *path = place->path;
  if (*path != '/') {
    long whole = absolute_path(directory, path, length, &place->text, place->short_room);
    if (whole <= 0) return whole == 0;
    path = place->text;
    length = (size_t)whole;
  }
  const char *rest;
  const struct rule *rule = rule_of(path, length, &rest);
  if (!rule) return true;
  await_discovery(rule);
  return climbs_out(rest) ? climb(place, path, length, rule) : move_to(place, rule, rest);
}

bool find_place(int directory, const char *path, struct place *place) {
  place->path = path;
  size_t length = remap_value() && path ? text_length(path, REMAP_ROOM) : 0;
  if (length == 0 || length >= REMAP_ROOM) return true;
  if (move(place, directory, length)) {
    TRACE("path %s: moved to %s", path, place->path);
    return true;
  }
  TRACE("path %s: refused, errno %d", path, last_error());
  leave_place(place);
  return false;
}

void leave_place(struct place *place) {
  if (place->text != place->short_text) unclaim(place->text);
  place->text = place->short_text;
}
