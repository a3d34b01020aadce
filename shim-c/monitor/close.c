/* The close family: only a listening socket's end is of interest, everything else is one look into an array. */
#include <fcntl.h>

#include "libc.h"
#include "listen.h"
#include "monitor.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif
#define RANGE_HINTS 16

/* Prepares the hint that this descriptor's listener was closed; false when it is none. */
static bool prepare_hint(int fd, struct boxer_request *request) {
  if (never_marked(fd) || is_vfork_child() || !(marks_of(fd) & MARK_LISTENING)) return false;
  *request = (struct boxer_request){.operation = BOXER_UNLISTEN};
  return listener_name(fd, request);
}

static void send_hint(struct boxer_request *request) {
  struct boxer_reply reply;
  service_request(request, &reply, NULL, PROMPT, NULL);
}

int on_close(int fd) {
  if (never_marked(fd)) return (int)returned(raw(SYS_close, fd));
  struct boxer_request request;
  bool hint = prepare_hint(fd, &request);
  marks_clear(fd);
  long result = raw(SYS_close, fd);
  if (hint) send_hint(&request);
  return (int)returned(result);
}

/* What a hint says, without the room for a name: many of them are kept on a stack. */
struct closed {
  uint64_t inode;
  struct boxer_endpoint local;
  uint16_t family;
};

__attribute__((noinline)) static bool note_closed(int fd, struct closed *closed) {
  struct boxer_request request;
  if (!prepare_hint(fd, &request)) return false;
  *closed = (struct closed){.inode = request.inode, .local = request.local, .family = request.family};
  return true;
}

__attribute__((noinline)) static void tell_closed(const struct closed *closed) {
  struct boxer_request request = {
      .operation = BOXER_UNLISTEN, .inode = closed->inode, .local = closed->local, .family = closed->family};
  send_hint(&request);
}

int on_close_range(unsigned first, unsigned last, int flags) {
  unsigned limit = (unsigned)marked_limit();
  if (flags & CLOSE_RANGE_CLOEXEC || first >= limit || is_vfork_child())
    return (int)returned(raw(SYS_close_range, first, last, flags));
  struct closed closed[RANGE_HINTS];
  int hints = 0;
  unsigned end = last < limit ? last + 1 : limit;
  for (unsigned fd = first; fd < end && hints < RANGE_HINTS; fd++)
    if (note_closed((int)fd, &closed[hints])) hints++;
  long result = raw(SYS_close_range, first, last, flags);
  if (result < 0) return (int)returned(result);
  for (unsigned fd = first; fd < end; fd++) marks_clear((int)fd);
  for (int i = 0; i < hints; i++) tell_closed(&closed[i]);
  return 0;
}

__attribute__((noinline)) static int dup_marked(int from, int to, int flags) {
  struct boxer_request request;
  bool hint = prepare_hint(to, &request);
  long result = raw(SYS_dup3, from, to, flags);
  if (result < 0) return (int)returned(result);
  marks_clear(to);
  marks_copy(from, to);
  if (hint) send_hint(&request);
  return to;
}

/* dup3, and dup2 with flags -1 (which allows equal descriptors): over a listener it is a close as well. */
int on_dup(int from, int to, int flags) {
  if (flags == -1 && from == to) return raw(SYS_fcntl, from, F_GETFD) < 0 ? fail(EBADF) : to;
  int dup_flags = flags == -1 ? 0 : flags;
  if (never_marked(from) && never_marked(to)) return (int)returned(raw(SYS_dup3, from, to, dup_flags));
  return dup_marked(from, to, dup_flags);
}

EXPORT int close(int fd) { return on_close(fd); }
EXPORT int __close(int fd) { return on_close(fd); }
EXPORT int close_range(unsigned first, unsigned last, int flags) { return on_close_range(first, last, flags); }

/* Kernels before 5.9 have no close_range; libc's way round it then is as good as any. */
EXPORT void closefrom(int first) {
  unsigned from = first < 0 ? 0 : (unsigned)first;
  if (raw(SYS_close_range, ~0u, 0, 0) == -EINVAL) {
    on_close_range(from, ~0u, 0);
    return;
  }
  void (*real)(int) = LIBC(void (*)(int), closefrom);
  if (real) real(first);
}
