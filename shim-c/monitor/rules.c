/* BOXER_REMAP: paths that the guest sees in one place and the kernel in another. */
#include "rules.h"

#include "text.h"

/* Skips what does not change a path: repeated slashes and "." components. */
static const char *skip_empty(const char *path) {
  for (;;) {
    while (path[0] == '/' && (path[1] == '/' || path[1] == 0)) path++;
    if (!(path[0] == '/' && path[1] == '.' && (path[2] == '/' || path[2] == 0))) return path;
    path += 2;
  }
}

/* Returns the rest of `path` behind the visible prefix [from, end); NULL when the path is not below it. */
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

/*
 * Whether the rest of a path leads out of the folder that it starts in: only the file system could tell where
 * to.
 */
bool climbs_out(const char *rest) {
  int depth = 0;
  for (const char *next = skip_empty(rest); *next && depth >= 0; next = skip_empty(next)) {
    const char *name = ++next;
    while (*next && *next != '/') next++;
    depth += next - name == 2 && name[0] == '.' && name[1] == '.' ? -1 : 1;
  }
  return depth < 0;
}

/* The rules, read once: nearly every path is below none of them. */
#define RULES 1024
static struct {
  struct rule rules[RULES];
  uint32_t count;
  uint64_t beginnings;   /* a bit for the first two letters of each visible path */
  bool odd;              /* a visible path has repeated slashes or dots */
  char text[REMAP_ROOM]; /* BOXER_REMAP, cut into strings */
} known;

static uint64_t beginning(const char *path) {
  return UINT64_C(1) << (((uint8_t)path[1] * 7u + (path[1] ? (uint8_t)path[2] : 0u)) & 63u);
}

/* False for repeated slashes and components that begin with a dot: those need a closer look. */
static bool is_plain(const char *path, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (path[i] == '/' && (path[i + 1] == '/' || path[i + 1] == '.')) return false;
  return true;
}

/* Ends the text at `end`, without the slashes before it. Returns the remaining length. */
static uint16_t cut(char *from, char *end) {
  while (end > from && end[-1] == '/') end--;
  *end = 0;
  return (uint16_t)(end - from);
}

void remap_read(const char *value) {
  uint64_t beginnings = 0;
  uint32_t count = 0;
  bool odd = false;
  known.count = 0;
  if (!copy_text(known.text, sizeof known.text, value)) return;
  for (char *from = known.text; *from;) {
    char *equals = from;
    while (*equals && *equals != '=' && *equals != ':') equals++;
    char *end = equals;
    while (*end && *end != ':') end++;
    char *next = *end ? end + 1 : end;
    if (*equals == '=' && *from == '/' && count < RULES) {
      uint16_t length = cut(from, equals);
      known.rules[count++] = (struct rule){
          .visible = from, .visible_length = length, .real = equals + 1, .real_length = cut(equals + 1, end)};
      odd = odd || length < 2 || !is_plain(from, length - 1u);
      /* After a name of a single letter the path may end or go on. */
      if (length >= 2) beginnings |= beginning(from);
      if (length == 2)
        beginnings |= beginning((char[]){'/', from[1], 0}) | beginning((char[]){'/', from[1], '/'});
    }
    from = next;
  }
  known.odd = odd;
  known.beginnings = beginnings;
  known.count = count;
}

const struct rule *rules_begin(void) { return known.rules; }
const struct rule *rules_end(void) { return known.rules + known.count; }

bool begins_like_a_rule(const char *path) {
  if (known.odd || path[1] == '/' || path[1] == '.') return true;
  return known.beginnings & beginning(path);
}

static bool is_below(const char *path, const char *visible_path, size_t length) {
  for (size_t i = 1; i < length; i++)
    if (path[i] != visible_path[i]) return false;
  return path[length] == '/' || path[length] == 0;
}

const struct rule *rule_of(const char *path, size_t length, const char **rest) {
  if (!begins_like_a_rule(path)) return NULL;
  bool plain = !known.odd && is_plain(path, length);
  for (const struct rule *rule = known.rules; rule < known.rules + known.count; rule++) {
    if (!plain)
      *rest = behind(path, rule->visible, rule->visible + rule->visible_length);
    else
      *rest = length >= rule->visible_length && is_below(path, rule->visible, rule->visible_length)
                  ? skip_empty(path + rule->visible_length)
                  : NULL;
    if (*rest) return rule;
  }
  return NULL;
}
