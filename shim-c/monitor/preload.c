#include "preload.h"

#include "monitor.h"

/* glibc separates entries by colons and spaces, musl by any white space. */
static bool separates(char letter) {
  return letter == ':' || letter == ' ' || (letter >= '\t' && letter <= '\r');
}

static size_t entry_length(const char *value) {
  size_t length = 0;
  while (value[length] && !separates(value[length])) length++;
  return length;
}

const char *own_entry(const char *value, size_t *length) {
  static const char own[] = "libboxer.so";
  for (;;) {
    *length = entry_length(value);
    if (*length >= sizeof own - 1 && memcmp(value + *length - (sizeof own - 1), own, sizeof own - 1) == 0)
      return value;
    if (!value[*length]) return NULL;
    value += *length + 1;
  }
}

static bool is_entry(const char *value, size_t length, const char *entry) {
  return length == strlen(entry) && memcmp(value, entry, length) == 0;
}

bool ends_in_entry(const char *value, const char *entry) {
  for (;;) {
    size_t length = entry_length(value);
    bool last = value[length] == 0;
    if (last || is_entry(value, length, entry)) return last && is_entry(value, length, entry);
    value += length + 1;
  }
}

bool without_entry(const char *value, const char *entry, char *to) {
  const char *start = to;
  bool kept = false; /* an entry, if only an empty one */
  for (;;) {
    size_t length = entry_length(value);
    if (!is_entry(value, length, entry)) {
      if (kept) *to++ = value[-1];
      memcpy(to, value, length);
      to += length;
      kept = true;
    }
    if (!value[length]) break;
    value += length + 1;
  }
  *to = 0;
  return kept || to > start;
}

void join_entry(const char *value, const char *entry, char *to) {
  memcpy(to, PRELOAD, sizeof PRELOAD - 1);
  to += sizeof PRELOAD - 1;
  bool own = without_entry(value, entry, to);
  to += strlen(to);
  if (own) *to++ = ':';
  memcpy(to, entry, strlen(entry) + 1);
}

size_t joined_size(const char *value, const char *entry) {
  return sizeof PRELOAD + strlen(value) + 1 + strlen(entry);
}
