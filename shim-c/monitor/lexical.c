/* A path without "." and "..", by its text alone; false when it is too long. */
#include "monitor.h"

bool lexical_path(const char *path, char room[REMAP_ROOM]) {
  size_t length = 0;
  while (*path) {
    while (*path == '/') path++;
    const char *name = path;
    while (*path && *path != '/') path++;
    size_t size = (size_t)(path - name);
    if (size == 0 || (size == 1 && name[0] == '.')) continue;
    if (size == 2 && name[0] == '.' && name[1] == '.') {
      while (length > 0 && room[--length] != '/') continue;
      continue;
    }
    if (length + size + 2 > REMAP_ROOM) return false;
    room[length++] = '/';
    memcpy(room + length, name, size);
    length += size;
  }
  if (length == 0) room[length++] = '/';
  room[length] = 0;
  return true;
}
