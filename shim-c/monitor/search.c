/*
 * execvp() and posix_spawnp() search PATH inside libc, by the kernel's paths. So the monitor searches first
 * and gives libc the real path of a program in a remapped folder. libc decides what to do with a file that is
 * not a program.
 */
#include "search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "claim.h"
#include "config.h"
#include "monitor.h"
#include "place.h"
#include "reading.h"
#include "rules.h"
#include "text.h"

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

/* Writes [from, end)/file, where an empty folder is the current one. Returns false when it does not fit. */
static bool join(char to[REMAP_ROOM], const char *from, const char *end, const char *file) {
  size_t length = (size_t)(end - from);
  size_t size = strlen(file) + 1;
  if (length + 1 + size > REMAP_ROOM) return false;
  memcpy(to, from, length);
  if (length > 0) to[length++] = '/';
  memcpy(to + length, file, size);
  return true;
}

/* Looks for the candidate. Writes its real path to `to` where libc would not find the same. */
static enum finding look_in(const char *candidate, char *to, bool refused) {
  CLAIMED_PLACE(place);
  if (!find_place(AT_FDCWD, candidate, &place)) return NOTHING;
  bool moved = place.path != candidate;
  enum finding found = found_at(place.path);
  /* Of several files that may not be executed the first one is returned. */
  if (moved && (found == PROGRAM || (found == REFUSED && !refused)))
    memcpy(to, place.path, strlen(place.path) + 1);
  leave_place(&place);
  if (!moved && found == PROGRAM) *to = 0;
  return moved || found == PROGRAM ? found : NOTHING;
}

bool search_place(const char *file, struct place *place) {
  place->path = file;
  const char *folder = search_path();
  if (!remap_value() || !file || text_length(file, REMAP_ROOM) >= REMAP_ROOM || !*file) return true;
  if (has_slash(file)) return find_place(AT_FDCWD, file, place);
  if (!folder) return true;
  char *found = claim(2 * REMAP_ROOM, place);
  if (!found) return fail(ENOMEM), false;
  char *candidate = found + REMAP_ROOM;
  enum finding finding = NOTHING;
  place->text = found;
  while (folder && finding != PROGRAM) {
    const char *end = folder;
    while (*end && *end != ':') end++;
    enum finding here =
        join(candidate, folder, end, file) ? look_in(candidate, found, finding == REFUSED) : NOTHING;
    if (here != NOTHING) finding = here;
    folder = *end ? end + 1 : NULL;
  }
  if (finding != NOTHING && *found) place->path = found;
  return true;
}
