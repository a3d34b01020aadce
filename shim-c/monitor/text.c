#include "text.h"

#include "monitor.h"

bool starts_with(const char *text, const char *prefix) {
  while (*prefix)
    if (*text++ != *prefix++) return false;
  return true;
}

bool copy_text(char *to, size_t room, const char *text) {
  size_t length = strlen(text);
  if (length >= room) return false;
  memcpy(to, text, length + 1);
  return true;
}
