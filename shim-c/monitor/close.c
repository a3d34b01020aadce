/*
 * The close family. Only the end of a listening socket matters; for any other descriptor the cost is one look
 * into an array.
 */
#include "close.h"

#include <fcntl.h>

#include "libc.h"
#include "listen.h"
#include "marks.h"
#include "monitor.h"
#include "permitted.h"
#include "request.h"
#include "trace.h"
#include "vfork.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif
#define RANGE_HINTS 16

/* Prepares the hint that a listener was closed. Returns false when the descriptor is not a listener. */
static bool prepare_hint(int fd, struct boxer_request *request) {
  if (never_marked(fd) || is_vfork_child() || !(marks_of(fd) & MARK_LISTENING)) return false;
  TRACE("close(%d): a listener, tells the supervisor", fd);
  *request = (struct boxer_request){.operation = BOXER_UNLISTEN};
  return listener_name(fd, request);
}

static long close_at_once(int fd) { return raw(SYS_close, fd); }

/*
 * libc's close() is a cancellation point. A thread that is cancelled there sends no hint; its listener stays
 * open.
 */
static long close_by_libc(int fd) {
  int (*real)(int) = LIBC(int (*)(int), close);
  int result = real ? real(fd) : (int)raw(SYS_close, fd);
  return real && result < 0 ? -last_error() : result;
}

/* The marks are cleared first: another thread may get this number as soon as it is free. */
static int closed(int fd, long (*by)(int)) {
  if (never_marked(fd) || !may_look()) return (int)returned(by(fd));
  struct boxer_request request;
  bool hint = prepare_hint(fd, &request);
  marks_clear(fd);
  long result = by(fd);
  if (hint) service_hint(&request);
  return (int)returned(result);
}

int on_close(int fd) { return closed(fd, close_at_once); }

/* The contents of a hint without the room for a name, because many of them are kept on a stack. */
struct closing {
  uint64_t inode;
  struct boxer_endpoint local;
  uint16_t family;
};

__attribute__((noinline)) static bool note_closing(int fd, struct closing *closing) {
  struct boxer_request request;
  if (!prepare_hint(fd, &request)) return false;
  *closing = (struct closing){.inode = request.inode, .local = request.local, .family = request.family};
  return true;
}

__attribute__((noinline)) static void tell_closed(const struct closing *closing) {
  struct boxer_request request = {.operation = BOXER_UNLISTEN,
                                  .inode = closing->inode,
                                  .local = closing->local,
                                  .family = closing->family};
  service_hint(&request);
}

int on_close_range(unsigned first, unsigned last, int flags) {
  unsigned limit = (unsigned)marked_limit();
  if (flags & CLOSE_RANGE_CLOEXEC || first >= limit || !may_look() || is_vfork_child())
    return (int)returned(next(close_range, first, last, flags));
  struct closing closing[RANGE_HINTS];
  int hints = 0;
  unsigned end = last < limit ? last + 1 : limit;
  for (unsigned fd = first; fd < end && hints < RANGE_HINTS; fd++)
    if (note_closing((int)fd, &closing[hints])) hints++;
  long result = next(close_range, first, last, flags);
  if (result < 0) return (int)returned(result);
  for (unsigned fd = first; fd < end; fd++) marks_clear((int)fd);
  for (int i = 0; i < hints; i++) tell_closed(&closing[i]);
  return 0;
}

/* Makes the same system call as libc: a seccomp filter may allow no other. */
static long copy_by_dup2(int from, int to, int flags) {
  (void)flags;
  int (*real)(int, int) = LIBC(int (*)(int, int), dup2);
  int result = real ? real(from, to) : -ENOSYS;
  return real && result < 0 ? -last_error() : result;
}

static long copy_by_dup3(int from, int to, int flags) { return next(dup3, from, to, flags); }

/* Copying a descriptor over a listener closes the listener. */
__attribute__((noinline)) static int copy_marked(int from, int to, int flags, long (*by)(int, int, int)) {
  struct boxer_request request;
  bool hint = prepare_hint(to, &request);
  long result = by(from, to, flags);
  if (result < 0) return (int)returned(result);
  marks_clear(to);
  marks_copy(from, to);
  if (hint) service_hint(&request);
  return to;
}

static int copied_over(int from, int to, int flags, long (*by)(int, int, int)) {
  if (from == to || (never_marked(from) && never_marked(to)) || !may_look())
    return (int)returned(by(from, to, flags));
  return copy_marked(from, to, flags, by);
}

int on_dup2(int from, int to) { return copied_over(from, to, 0, copy_by_dup2); }
int on_dup3(int from, int to, int flags) { return copied_over(from, to, flags, copy_by_dup3); }

EXPORT int close(int fd) { return closed(fd, close_by_libc); }
EXPORT int __close(int fd) { return closed(fd, close_by_libc); }
EXPORT int close_range(unsigned first, unsigned last, int flags) {
  return on_close_range(first, last, flags);
}

/* Kernels before 5.9 have no close_range(); libc then does the same in another way. */
EXPORT void closefrom(int first) {
  unsigned from = first < 0 ? 0 : (unsigned)first;
  if (raw(SYS_close_range, ~0u, 0, 0) == -EINVAL) {
    on_close_range(from, ~0u, 0);
    return;
  }
  void (*real)(int) = LIBC(void (*)(int), closefrom);
  if (real) real(first);
}
