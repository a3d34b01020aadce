/*
 * Tells the supervisor what a function's read-only root refused; the log then says how to mend it. Only
 * failed calls get here. errno is kept.
 */
#include "denied.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/statfs.h>

#include "claim.h"
#include "config.h"
#include "monitor.h"
#include "nodes.h"
#include "place.h"
#include "reading.h"
#include "request.h"
#include "rules.h"
#include "trace.h"

#define TOLD 8u /* reports of one process; the log has one line for each folder anyway */
#define READ_ONLY 1

static bool is_read_only(int directory, const char *path) {
  struct statfs found;
  if (directory != AT_FDCWD && *path != '/') return false;
  return raw(SYS_statfs, path, &found) == 0 && found.f_flags & READ_ONLY;
}

/*
 * EROFS is certain. EACCES for a file that may be read means that the call wanted to write, which the file's
 * owner cannot do there either.
 */
static bool is_refused(int directory, const char *path, int error) {
  if (error == EROFS) return true;
  return error == EACCES && raw(SYS_faccessat, directory, path, 4) == 0 && is_read_only(directory, path);
}

/* Python tries to create one beside every module, and does without. */
static bool is_bytecode_cache(const char *path, size_t length) {
  static const char name[] = "__pycache__";
  for (size_t at = 0; at + sizeof name <= length + 1; at++)
    if (memcmp(path + at, name, sizeof name - 1) == 0) return true;
  return false;
}

static void tell(int directory, const char *path, size_t length) {
  char *text = NULL;
  long whole = *path == '/' ? 0 : absolute_path(directory, path, length, &text, 0);
  const char *told = whole > 0 ? text : path;
  struct question *question =
      *told == '/' && strlen(told) < BOXER_NAME_MAX ? claim(sizeof *question, HERE) : NULL;
  if (question) {
    question->request.operation = BOXER_DENIED;
    memcpy(question->request.name, told, strlen(told));
    service_request(&question->request, &question->reply, NULL, PROMPT, NULL);
  }
  unclaim(question);
  unclaim(text);
}

__attribute__((noinline)) void note_denied(int directory, const char *path, int error) {
  static _Atomic unsigned told;
  if ((error != EROFS && error != EACCES) || !path || !network_config() || !in_function()) return;
  size_t length = text_length(path, REMAP_ROOM);
  if (length == 0 || length >= REMAP_ROOM || !is_refused(directory, path, error) ||
      is_bytecode_cache(path, length))
    return;
  if (atomic_load_explicit(&told, memory_order_relaxed) >= TOLD || atomic_fetch_add(&told, 1) >= TOLD) return;
  TRACE("path %s: refused by a read-only root, tells the supervisor", path);
  int before = last_error();
  tell(directory, path, length);
  if (last_error() != before) fail(before);
}
