/*
 * One request per connection. While our descriptor is open, signals are blocked, so that no handler can longjmp past
 * the close; only the wait for an answer that may take long lets them through, as the guest's own call would.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <sys/un.h>

#include "monitor.h"

#define PROMPT_LIMIT 10 /* seconds */
#define PATIENT_LIMIT 30

/* A descriptor of ours must never become a guest's standard stream, not even for a moment. */
static int lifted(int fd) {
  if (fd < 0 || fd > 2) return fd;
  int high = (int)raw(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
  raw(SYS_close, fd);
  return high;
}

/* Who listens there; 0 when it is in another namespace. */
static int peer_process(int fd) {
  struct { int pid; unsigned user, group; } peer = {0}; /* struct ucred */
  socklen_t size = sizeof peer;
  raw(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer.pid;
}

static int open_connection(const struct config *config, const struct wait_limit *limit) {
  int fd = lifted((int)raw(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd < 0) return -ENOBUFS; /* what connect() may say of its own, unlike EMFILE */
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, config->socket, config->socket_length);
  struct timeval wait = {.tv_sec = PROMPT_LIMIT};
  raw(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (limit) {
    wait.tv_sec = limit->seconds;
    wait.tv_usec = limit->microseconds;
    raw(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  }
  long result = raw(SYS_connect, fd, &address, offsetof(struct sockaddr_un, sun_path) + config->socket_length);
  if (result == 0) {
    note_supervisor(peer_process(fd));
    return fd;
  }
  raw(SYS_close, fd);
  return (int)result;
}

static int send_all(int fd, const void *bytes, size_t size) {
  for (const char *next = bytes; size > 0;) {
    long sent = raw(SYS_sendto, fd, next, size, MSG_NOSIGNAL, 0, 0);
    if (sent == -EINTR) continue;
    if (sent < 0) return (int)sent;
    next += sent;
    size -= (size_t)sent;
  }
  return 0;
}

/* Keeps the first passed descriptor and closes what nobody asked for. */
static void take_passed(struct msghdr *message, int *passed) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      if (passed && *passed < 0)
        *passed = lifted(fd);
      else
        raw(SYS_close, fd);
    }
  }
}

static int receive_all(int fd, void *bytes, size_t size, int *passed, bool interruptible) {
  for (char *next = bytes; size > 0;) {
    union {
      struct cmsghdr header;
      char room[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = next, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    long got = raw(SYS_recvmsg, fd, &message, MSG_CMSG_CLOEXEC);
    if (got == -EINTR && (!interruptible || size < sizeof(struct boxer_reply))) continue;
    if (got < 0) return (int)got;
    take_passed(&message, passed);
    if (got == 0) return -ECONNRESET;
    next += got;
    size -= (size_t)got;
  }
  return 0;
}

/* Waits for the first byte with a descriptor's number kept free, and gives it back for the one that comes with it. */
static void hold_number(int fd, int reserved) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  struct timespec limit = {.tv_sec = PROMPT_LIMIT};
  raw(SYS_ppoll, &wait, 1, &limit, 0, 0);
  raw(SYS_close, reserved);
}

static int exchange(int fd, const struct boxer_request *request, struct boxer_reply *reply, int *passed,
                    enum patience patience, const signal_mask *guest_mask) {
  int reserved = passed ? (int)raw(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3) : -1;
  /* The kernel would drop the descriptor that comes with the reply. */
  if (passed && reserved < 0) return -EMFILE;
  int result = send_all(fd, request, sizeof *request);
  if (reserved >= 0) hold_number(fd, reserved);
  if (result < 0) return result;
  signal_mask ours;
  if (patience != PROMPT) {
    signals_block(&ours);
    signals_restore(guest_mask);
  }
  result = receive_all(fd, reply, sizeof *reply, passed, patience == INTERRUPTIBLE);
  if (patience != PROMPT) signals_restore(&ours);
  if (result < 0) return result;
  bool valid = reply->magic == BOXER_WIRE_MAGIC && reply->operation == request->operation &&
               reply->count <= BOXER_ADDRESS_MAX && reply->name[BOXER_NAME_MAX - 1] == 0;
  return valid ? 0 : -EPROTO;
}

int service_request(struct boxer_request *request, struct boxer_reply *reply, int *passed, enum patience patience,
                    const struct wait_limit *limit) {
  static const struct wait_limit prompt = {.seconds = PROMPT_LIMIT};
  static const struct wait_limit patient = {.seconds = PATIENT_LIMIT};
  const struct config *config = known_config();
  if (!config) return ENETUNREACH;
  if (patience != INTERRUPTIBLE) limit = patience == PROMPT ? &prompt : &patient;
  if (passed) *passed = -1;
  request->magic = BOXER_WIRE_MAGIC;
  request->process = (uint32_t)raw(SYS_getpid);
  signal_mask old;
  signals_block(&old);
  int fd = open_connection(config, limit);
  int result = fd;
  if (fd >= 0) {
    result = exchange(fd, request, reply, passed, patience, &old);
    raw(SYS_close, fd);
    if (result < 0 && passed && *passed >= 0) {
      raw(SYS_close, *passed);
      *passed = -1;
    }
  }
  signals_restore(&old);
  return result < 0 ? -result : 0;
}
