/* connect(): always the kernel's own connect on the guest's own socket; only the address may be another one. */
#include <fcntl.h>
#include <sys/time.h>

#include "libc.h"
#include "monitor.h"

typedef int connect_function(int, const struct sockaddr *, socklen_t);

/* libc's connect is a cancellation point, a raw system call would not be. */
static int kernel_connect(int fd, const struct sockaddr *address, socklen_t length) {
  connect_function *real = LIBC(connect_function *, connect);
  return real ? real(fd, address, length) : (int)returned(raw(SYS_connect, fd, address, length));
}

static int connect_to(int fd, int family, const struct boxer_endpoint *endpoint) {
  union address address;
  socklen_t length = as_family(family, endpoint, &address);
  return kernel_connect(fd, &address.any, length);
}

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

static int connect_arranged(int fd, int family, const struct boxer_endpoint *peer) {
  int result;
  if (!is_fresh(fd, family, &result)) return result;
  long flags = raw(SYS_fcntl, fd, F_GETFL);
  bool nonblocking = flags >= 0 && (flags & O_NONBLOCK);
  struct boxer_request request = {.operation = BOXER_CONNECT,
                                  .family = (uint16_t)family,
                                  .flags = nonblocking ? BOXER_NONBLOCK : 0,
                                  .inode = socket_inode(fd),
                                  .peer = *peer};
  kernel_name(fd, SYS_getsockname, &request.local);
  struct boxer_reply reply;
  struct wait_limit limit;
  bool limited = !nonblocking && send_timeout(fd, &limit);
  int error = service_request(&request, &reply, NULL, nonblocking ? PROMPT : INTERRUPTIBLE, limited ? &limit : NULL);
  if (error == EINTR) return fail(EINTR);
  if (error == EAGAIN) return fail(limited ? EINPROGRESS : ETIMEDOUT);
  if (error) return fail(error == ENOBUFS ? ENOBUFS : ENETUNREACH);
  if (reply.error) return fail(reply.error);
  mark(fd, MARK_ARRANGED);
  return connect_to(fd, family, &reply.peer);
}

static int connect_unix(int fd, const struct sockaddr *address, socklen_t length) {
  union address room;
  length = remapped_unix(address, length, &room);
  return kernel_connect(fd, &room.any, length);
}

int on_connect(int fd, const struct sockaddr *address, socklen_t length) {
  if (!any_config()) return kernel_connect(fd, address, length);
  struct boxer_endpoint peer;
  uint32_t there;
  /* The socket may be on its way to another peer than before. */
  if (marks_of(fd) & MARK_ARRANGED) forget_names(socket_inode(fd));
  if (!as_ipv4(address, length, &peer)) {
    bool is_unix = address && length > sizeof(sa_family_t) && address->sa_family == AF_UNIX && remap_value();
    return is_unix ? connect_unix(fd, address, length) : kernel_connect(fd, address, length);
  }
  switch (network_config() ? destination_of(endpoint_ip(&peer), &there) : OUTSIDE) {
    case OUTSIDE:
      return kernel_connect(fd, address, length);
    case UNREACHABLE:
      return fail(ENETUNREACH);
    case OWN:
    case DIRECT:
      set_endpoint_ip(&peer, there);
      return connect_to(fd, address->sa_family, &peer);
    case ASK:
      break;
  }
  int type = 0;
  socklen_t size = sizeof type;
  long result = raw(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size);
  if (result < 0) return (int)returned(result);
  /* Datagrams have no way through the overlay, and must not leave by the default route. */
  if (type != SOCK_STREAM) return fail(EHOSTUNREACH);
  return connect_arranged(fd, address->sa_family, &peer);
}

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t length) { return on_connect(fd, address, length); }
EXPORT int __connect(int fd, const struct sockaddr *address, socklen_t length) { return on_connect(fd, address, length); }
