/*
 * execvp() and posix_spawnp() look along PATH inside libc, at the kernel's names. So it is looked for here first, and libc gets the
 * place of what stands in a remapped folder; what to do with a file that is no program stays its own.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor.h"

extern char **environ;

static const char *search_path(void) {
  for (char **variable = environ; variable && *variable; variable++)
    if (starts_with(*variable, "PATH=")) return *variable + 5;
  return NULL;
}

enum finding { NOTHING, REFUSED, PROGRAM };

static enum finding found_at(const char *path) {
  struct stat found;
  if (raw(SYS_newfstatat, AT_FDCWD, path, &found, 0) < 0) return NOTHING;
  return S_ISREG(found.st_mode) && raw(SYS_faccessat, AT_FDCWD, path, X_OK) == 0 ? PROGRAM : REFUSED;
}

static bool has_slash(const char *text) {
  while (*text && *text != '/') text++;
  return *text == '/';
}

/* [from, end)/file, an empty folder being the current one; false when it does not fit. */
static bool join(char to[REMAP_ROOM], const char *from, const char *end, const char *file) {
  size_t length = (size_t)(end - from);
  size_t size = strlen(file) + 1;
  if (length + 1 + size > REMAP_ROOM) return false;
  memcpy(to, from, length);
  if (length > 0) to[length++] = '/';
  memcpy(to + length, file, size);
  return true;
}

const char *searched(const char *file, char room[REMAP_ROOM]) {
  if (!file || !*file || !remap_value()) return file;
  if (has_slash(file)) return remapped(file, room);
  const char *folder = search_path();
  char candidate[REMAP_ROOM];
  char other[REMAP_ROOM];
  bool refused = false; /* there is one, in `room`, that may not be executed: EACCES, if nobody has a better one */
  while (folder) {
    const char *end = folder;
    while (*end && *end != ':') end++;
    char *to = refused ? other : room;
    const char *there = join(candidate, folder, end, file) ? remapped(candidate, to) : NULL;
    folder = *end ? end + 1 : NULL;
    enum finding found = there ? found_at(there) : NOTHING;
    if (found == PROGRAM && there == candidate) return file; /* libc finds it too */
    if (found == PROGRAM) return to == room ? room : memcpy(room, other, strlen(other) + 1);
    refused = refused || (found == REFUSED && there == to);
  }
  return refused ? room : file;
}
