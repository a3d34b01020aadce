/* From a real path back to the path that the guest knows. */
#include "shown.h"

#include "claim.h"
#include "config.h"
#include "monitor.h"
#include "reading.h"
#include "rules.h"

static bool same_start(const char *left, const char *right, size_t length) {
  return memcmp(left, right, length) == 0;
}

static bool is_below(const char *path, size_t length, const struct rule *rule) {
  if (rule->real_length <= 1 || length < rule->real_length ||
      !same_start(path, rule->real, rule->real_length))
    return false;
  return length == rule->real_length || path[rule->real_length] == '/';
}

bool may_be_shown(const char *path, size_t length) {
  if (length == 0 || *path != '/' || !remap_value()) return false;
  for (const struct rule *rule = rules_begin(); rule < rules_end(); rule++) {
    if (is_below(path, length, rule)) return true;
    if (length < rule->real_length && same_start(path, rule->real, length)) return true;
  }
  return false;
}

/*
 * Of two visible paths for one place the shorter one is chosen: /run rather than /var/run, as realpath()
 * would say.
 */
bool find_shown(const char *path, size_t length, struct shown *shown) {
  const struct rule *best = NULL;
  if (length == 0 || *path != '/' || !remap_value()) return false;
  for (const struct rule *rule = rules_begin(); rule < rules_end(); rule++) {
    bool better = !best || rule->real_length > best->real_length ||
                  (rule->real_length == best->real_length && rule->visible_length < best->visible_length);
    if (better && is_below(path, length, rule)) best = rule;
  }
  if (!best) return false;
  bool is_root = best->visible_length == 0 && length == best->real_length;
  *shown = (struct shown){.start = is_root ? "/" : best->visible,
                          .start_length = is_root ? 1 : best->visible_length,
                          .hidden = best->real_length};
  shown->length = shown->start_length + length - shown->hidden;
  return shown->length < REMAP_ROOM;
}

void show(char *path, size_t length, const struct shown *shown) {
  memmove(path + shown->start_length, path + shown->hidden, length - shown->hidden);
  memcpy(path, shown->start, shown->start_length);
  path[shown->length] = 0;
}

long show_out(char *to, size_t size, const char *path, size_t length, const struct shown *shown) {
  if (!can_write(to, size)) return -EFAULT;
  char *text = claim(2 * REMAP_ROOM, HERE);
  if (!text) return -ENOMEM;
  memcpy(text, path, length);
  show(text, length, shown);
  memcpy(to, text, size);
  unclaim(text);
  return 0;
}
