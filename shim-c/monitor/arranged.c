/*
 * connect() to a node that is not reached directly: the supervisor says where to, and from which port. It is the guest's own
 * socket that is bound and connected.
 */
#include <fcntl.h>
#include <sys/time.h>
#include <time.h>

#include "monitor.h"

/* Ports that are tried before the guest is sent another way. */
#define PORT_ATTEMPTS 3
/* A refused attempt is repeated after 1 to 40 ms; a fixed pause could keep in step with the far end's. */
#define RETRY_PAUSE 40u
#define MILLISECOND 1000000

/*
 * A second connect() on the same socket (the completion check of a non-blocking connect, EALREADY, EISCONN) is answered
 * by the kernel out of the socket's state without looking at the address. On a fresh socket the broadcast address fails with
 * ENETUNREACH before anything is sent or changed: that, and only that, is a connect that we have to arrange.
 */
static bool is_fresh(int fd, int family, int *result) {
  static const struct boxer_endpoint broadcast = {.address = {255, 255, 255, 255}, .port = 9};
  union address address;
  socklen_t length = as_family(family, &broadcast, &address);
  long answer = raw(SYS_connect, fd, &address, length);
  if (answer == -ENETUNREACH || answer == -EACCES) return true;
  *result = (int)returned(answer);
  return false;
}

/* A guest that limits its connect() by SO_SNDTIMEO also limits our question. */
static bool send_timeout(int fd, struct wait_limit *limit) {
  struct timeval timeout = {0};
  socklen_t size = sizeof timeout;
  if (raw(SYS_getsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) < 0) return false;
  *limit = (struct wait_limit){.seconds = timeout.tv_sec, .microseconds = timeout.tv_usec};
  return timeout.tv_sec != 0 || timeout.tv_usec != 0;
}

/* Puts SO_REUSEADDR back: the port may also be held by the supervisor, and what the guest set is what it shall find. */
static long take_port(int fd, int family, uint16_t port) {
  static const int yes = 1;
  union address address;
  struct boxer_endpoint local = {.port = port};
  socklen_t length = as_family(family, &local, &address);
  int before = socket_option(fd, SOL_SOCKET, SO_REUSEADDR);
  raw(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  long result = raw(SYS_bind, fd, &address, length);
  if (before == 0) raw(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &before, sizeof before);
  return result;
}

static int64_t now(void) {
  struct timespec time = {0};
  raw(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

static void pause_for(int64_t nanoseconds) {
  struct timespec time = {.tv_nsec = (long)nanoseconds};
  raw(SYS_nanosleep, &time, 0);
}

/* The far end's NAT may reset what arrives before its own side has opened it. */
static int connect_again(int fd, int family, const struct boxer_reply *reply) {
  union address address;
  socklen_t length = as_family(family, &reply->peer, &address);
  int64_t end = now() + (int64_t)reply->retry * MILLISECOND;
  long result;
  do {
    pause_for(1 + now() % (RETRY_PAUSE * MILLISECOND));
    result = raw(SYS_connect, fd, &address, length);
  } while (result == -ECONNREFUSED && now() < end);
  return (int)returned(result);
}

static int connect_as_told(int fd, int family, const struct boxer_reply *reply, bool nonblocking) {
  int result = kernel_connect_to(fd, family, &reply->peer);
  if (result == 0 || nonblocking || reply->retry == 0 || last_error() != ECONNREFUSED) return result;
  return connect_again(fd, family, reply);
}

static int ask(struct boxer_request *request, struct boxer_reply *reply, int fd) {
  struct wait_limit limit;
  bool nonblocking = request->flags & BOXER_NONBLOCK;
  bool limited = !nonblocking && send_timeout(fd, &limit);
  int error = service_request(request, reply, NULL, nonblocking ? PROMPT : INTERRUPTIBLE, limited ? &limit : NULL);
  if (error == EINTR) return EINTR;
  if (error == EAGAIN) return limited ? EINPROGRESS : ETIMEDOUT;
  if (error) return error == ENOBUFS ? ENOBUFS : ENETUNREACH;
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
  for (int attempt = 1;; attempt++) {
    if (attempt > PORT_ATTEMPTS) request.flags |= BOXER_NO_PUNCH;
    struct boxer_reply reply;
    kernel_name(fd, SYS_getsockname, &request.local);
    int error = ask(&request, &reply, fd);
    if (error) return fail(error);
    bool more = attempt <= PORT_ATTEMPTS;
    if ((reply.flags & BOXER_BIND) && take_port(fd, family, reply.local.port) < 0) {
      if (more) continue;
      return fail(EADDRNOTAVAIL);
    }
    mark(fd, MARK_ARRANGED);
    result = connect_as_told(fd, family, &reply, nonblocking);
    if (result == 0) {
      /* An attempt that failed on the way is nothing that the guest has to know. */
      if (last_error() != before) fail(before);
      return 0;
    }
    /* The port is free, but this very connection was there a moment ago. */
    if (!more || last_error() != EADDRNOTAVAIL) return result;
  }
}
