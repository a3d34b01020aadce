/*
 * connect() to a node that is not reached directly. The supervisor names the address, and the port to bind.
 * The guest's own socket is bound and connected.
 */
#include "arranged.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <time.h>

#include "address.h"
#include "kernel-connect.h"
#include "marks.h"
#include "monitor.h"
#include "request.h"
#include "socket.h"
#include "trace.h"

/* The number of ports that are tried before the supervisor is asked for a way without one. */
#define PORT_ATTEMPTS 3
/*
 * A refused attempt is repeated after a random time, because a fixed pause could keep in step with the far
 * end's. The first pauses are short: near nodes reset each other within microseconds.
 */
#define EAGER_TIME (50 * MILLISECOND)
#define EAGER_PAUSE (MILLISECOND / 2)
#define LATE_PAUSE (40 * MILLISECOND)

/*
 * The kernel answers a second connect() on the same socket (the completion check of a non-blocking connect,
 * EALREADY, EISCONN) from the socket's state, without looking at the address. On a fresh socket the broadcast
 * address fails with ENETUNREACH before anything is sent or changed. Only that connect() has to be arranged.
 */
__attribute__((noinline)) static bool is_fresh(int fd, int family, int *result) {
  static const struct boxer_endpoint broadcast = {.address = {255, 255, 255, 255}, .port = 9};
  union address address;
  socklen_t length = as_family(family, &broadcast, &address);
  long answer = raw(SYS_connect, fd, &address, length);
  if (answer == -ENETUNREACH || answer == -EACCES) return true;
  *result = (int)returned(answer);
  return false;
}

/* SO_SNDTIMEO limits connect(), hence also the wait for the supervisor. Microseconds, 0 for no limit. */
static int64_t send_timeout(int fd) {
  struct timeval timeout = {0};
  socklen_t size = sizeof timeout;
  if (raw(SYS_getsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) < 0) return 0;
  return (int64_t)timeout.tv_sec * 1000000 + timeout.tv_usec;
}

/* connect() without waiting, on a socket whose other calls go on waiting. */
static long begin_connect(int fd, int family, const struct boxer_endpoint *peer) {
  static const struct timeval shortest = {.tv_usec = 1};
  struct timeval limit = {0};
  union address address;
  socklen_t size = sizeof limit;
  socklen_t length = as_family(family, peer, &address);
  raw(SYS_getsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &size);
  raw(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &shortest, sizeof shortest);
  long result = raw(SYS_connect, fd, &address, length);
  raw(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return result == -EINTR ? -EINPROGRESS : result;
}

/*
 * Sets SO_REUSEADDR, because the supervisor may hold the port as well, and then restores the guest's value.
 */
__attribute__((noinline)) static long take_port(int fd, int family, uint16_t port) {
  static const int yes = 1;
  union address address;
  struct boxer_endpoint local = {.port = port};
  struct boxer_endpoint bound = {0};
  /* The guest has bound the socket to this port itself. */
  if (kernel_name(fd, SYS_getsockname, &bound) && bound.port == port) return 0;
  socklen_t length = as_family(family, &local, &address);
  int before = socket_option(fd, SOL_SOCKET, SO_REUSEADDR);
  raw(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  long result = raw(SYS_bind, fd, &address, length);
  if (before == 0) raw(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &before, sizeof before);
  return result;
}

static void pause_for(int64_t nanoseconds) {
  struct timespec time = {.tv_nsec = (long)nanoseconds};
  raw(SYS_nanosleep, &time, 0);
}

/*
 * Waits until a connect() under way has an outcome, which a second connect() then returns. Returns false when
 * the time is over first.
 */
static bool outcome_before(int fd, int64_t end) {
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  for (;;) {
    int64_t left = end - monotonic_now();
    struct timespec time = {.tv_sec = left / (1000 * MILLISECOND), .tv_nsec = left % (1000 * MILLISECOND)};
    if (left <= 0) return false;
    long result = raw(SYS_ppoll, &wait, 1, &time, NULL, 0);
    if (result > 0) return true;
    if (result < 0 && result != -EINTR) return false;
  }
}

/*
 * Repeats a connect(): the far end's NAT or host resets what arrives before its own packet has left. `result`
 * is the result of the first attempt. A guest that does not want to wait is delayed a little, as a relay
 * would delay it, and then has a connection under way.
 */
__attribute__((noinline)) static int connect_again(int fd, int family, const struct boxer_reply *reply,
                                                   long result, bool hurried) {
  union address address;
  socklen_t length = as_family(family, &reply->peer, &address);
  int64_t start = monotonic_now();
  int64_t end = start + (int64_t)reply->retry * MILLISECOND;
  for (;;) {
    if (result == -EINPROGRESS || result == -EINTR) {
      /* The last attempt may end in a reset as well, which the guest must not see. */
      if (!outcome_before(fd, end + (int64_t)reply->retry * MILLISECOND)) break;
    } else {
      int64_t time = monotonic_now();
      if (result != -ECONNREFUSED || time >= end) break;
      pause_for(1 + time % (time - start < EAGER_TIME ? EAGER_PAUSE : LATE_PAUSE));
    }
    result = hurried ? begin_connect(fd, family, &reply->peer) : raw(SYS_connect, fd, &address, length);
  }
  return (int)returned(result);
}

__attribute__((noinline)) static int connect_as_told(int fd, int family, const struct boxer_reply *reply,
                                                     bool interrupted) {
  int result = interrupted ? (int)returned(begin_connect(fd, family, &reply->peer))
                           : kernel_connect_to(fd, family, &reply->peer);
  /*
   * Where both ends open, an end that does not listen resets a connection that exists by half. A listener's
   * kernel would have refused it.
   */
  if (result < 0 && (reply->flags & BOXER_BIND) && last_error() == ECONNRESET) result = fail(ECONNREFUSED);
  if (result < 0 && reply->retry) result = connect_again(fd, family, reply, -last_error(), interrupted);
  return result < 0 && interrupted && last_error() == EINPROGRESS ? fail(EINTR) : result;
}

/*
 * The guest's time is up, but its connection goes on. Its socket is connected to an address that does not
 * answer, so it is neither readable nor writable and has no error. Once the supervisor has reached the far
 * end, it opens a connection from that address and carries the bytes.
 */
__attribute__((noinline)) static int connect_later(int fd, int family, struct boxer_request *request,
                                                   struct boxer_reply *reply, int result) {
  TRACE("connect(%d, %a): goes on without its caller", fd, &request->peer);
  request->operation = BOXER_CONNECT_LATER;
  int error = service_request(request, reply, NULL, PROMPT, NULL);
  if (error || reply->error) return fail(error ? ENETUNREACH : reply->error);
  mark(fd, MARK_ARRANGED);
  long begun = begin_connect(fd, family, &reply->peer);
  if (begun != -EINPROGRESS) return (int)returned(begun);
  request->operation = BOXER_UNDER_WAY;
  kernel_name(fd, SYS_getsockname, &request->local);
  service_request(request, reply, NULL, PROMPT, NULL);
  return fail(result);
}

/*
 * Asks the supervisor how to reach the peer. Returns 0 or an errno value. EINTR and EINPROGRESS mean that
 * there is no answer yet and that the guest's time is up.
 */
__attribute__((noinline)) static int ask(struct boxer_request *request, struct boxer_reply *reply, int fd,
                                         bool *interrupted) {
  bool nonblocking = request->flags & BOXER_NONBLOCK;
  struct waiting waiting = {.limit = nonblocking ? 0 : send_timeout(fd)};
  int error = service_request(request, reply, NULL, nonblocking ? PROMPT : INTERRUPTIBLE, &waiting);
  *interrupted = *interrupted || waiting.interrupted;
  if (error == EINTR) return EINTR;
  if (error == EAGAIN) return waiting.limit ? EINPROGRESS : ETIMEDOUT;
  /* Only errno values that connect() may set; EMFILE is none of them. */
  if (error) return error == EMFILE || error == ENFILE ? ENOBUFS : ENETUNREACH;
  return reply->error;
}

int connect_arranged(int fd, int family, const struct boxer_endpoint *peer) {
  int result;
  if (!is_fresh(fd, family, &result)) return result;
  long flags = raw(SYS_fcntl, fd, F_GETFL);
  bool nonblocking = flags >= 0 && (flags & O_NONBLOCK);
  struct boxer_request request = {.operation = BOXER_CONNECT,
                                  .family = (uint16_t)family,
                                  .flags = nonblocking ? BOXER_NONBLOCK : 0,
                                  .inode = socket_inode(fd),
                                  .peer = *peer};
  int before = last_error();
  bool interrupted = false;
  for (int attempt = 1;; attempt++) {
    if (attempt > PORT_ATTEMPTS) request.flags |= BOXER_NO_PUNCH;
    struct boxer_reply reply;
    kernel_name(fd, SYS_getsockname, &request.local);
    int error = ask(&request, &reply, fd, &interrupted);
    if (error == EINTR || error == EINPROGRESS) return connect_later(fd, family, &request, &reply, error);
    if (error) {
      TRACE("connect(%d, %a): the supervisor says errno %d", fd, peer, error);
      return fail(error);
    }
    TRACE("connect(%d, %a): the supervisor says to connect", fd, peer);
    TRACE("connect(%d, %a): passed to the kernel", fd, &reply.peer);
    bool more = attempt <= PORT_ATTEMPTS;
    if ((reply.flags & BOXER_BIND) && take_port(fd, family, reply.local.port) < 0) {
      if (more) continue;
      return fail(EADDRNOTAVAIL);
    }
    mark(fd, MARK_ARRANGED);
    result = connect_as_told(fd, family, &reply, interrupted);
    if (result == 0) {
      /* The guest does not have to see the errno of an attempt that failed before. */
      if (last_error() != before) fail(before);
      return 0;
    }
    if (request.flags & BOXER_NO_PUNCH) return result;
    /* The attempts were reset until the time was over. A relay cannot be reset. */
    if (reply.retry && last_error() == ECONNREFUSED) attempt = PORT_ATTEMPTS;
    /* The port is free, but this very connection existed a moment ago. */
    else if (!more || last_error() != EADDRNOTAVAIL)
      return result;
  }
}
