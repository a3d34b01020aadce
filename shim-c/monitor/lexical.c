/* Removes "." and ".." from a path by its text alone. */
#include "lexical.h"

#include "monitor.h"

void lexical_path(const char *path, char *to) {
  size_t length = 0;
  while (*path) {
    while (*path == '/') path++;
    const char *name = path;
    while (*path && *path != '/') path++;
    size_t size = (size_t)(path - name);
    if (size == 0 || (size == 1 && name[0] == '.')) continue;
    if (size == 2 && name[0] == '.' && name[1] == '.') {
      while (length > 0 && to[--length] != '/') continue;
      continue;
    }
    to[length++] = '/';
    memcpy(to + length, name, size);
    length += size;
  }
  if (length == 0) to[length++] = '/';
  to[length] = 0;
}
