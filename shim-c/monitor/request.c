/*
 * One request per connection. While the monitor's descriptor is open, signals are blocked, so that no handler
 * can longjmp past the close. Only the wait for a slow answer lets them through, as the guest's own call
 * would.
 */
#include "request.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "config.h"
#include "descriptor-thread.h"
#include "monitor.h"
#include "permitted.h"
#include "signals.h"
#include "supervisor-table.h"
#include "trace.h"

#define PROMPT_LIMIT 10 /* seconds */
#define PATIENT_LIMIT 30
/*
 * Nanoseconds. An answer that comes this soon after a handler has run is better than a connection without it.
 */
#define GRACE (100 * MILLISECOND)

int64_t monotonic_now(void) {
  struct timespec time = {0};
  raw(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 * MILLISECOND + time.tv_nsec;
}

/* A descriptor of the monitor's must never become a standard stream of the guest's, not even for a moment. */
static int lifted(int fd) {
  if (fd < 0 || fd > 2) return fd;
  int high = (int)raw(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
  raw(SYS_close, fd);
  return high;
}

/* The process that listens; 0 when it is in another namespace. */
static int peer_process(int fd) {
  struct {
    int pid;
    unsigned user, group;
  } peer = {0}; /* struct ucred */
  socklen_t size = sizeof peer;
  raw(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer.pid;
}

static void limit_wait(int fd, int64_t microseconds) {
  struct timeval wait = {.tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000};
  raw(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
}

static int open_connection(const struct config *config, int64_t limit, int flags) {
  int fd = lifted((int)raw(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (fd < 0) return fd;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, config->socket, config->socket_length);
  struct timeval wait = {.tv_sec = PROMPT_LIMIT};
  raw(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (limit) limit_wait(fd, limit);
  long result =
      raw(SYS_connect, fd, &address, offsetof(struct sockaddr_un, sun_path) + config->socket_length);
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

/* Keeps the first passed descriptor and closes the others. */
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

/* After a handler has run the answer may still come in a moment. */
static bool has_grace(int fd, struct waiting *waiting) {
  int64_t now = monotonic_now();
  if (!waiting->interrupted) waiting->until = now + GRACE;
  waiting->interrupted = true;
  if (now >= waiting->until) return false;
  limit_wait(fd, 1 + (waiting->until - now) / 1000);
  return true;
}

/* `waiting` is NULL unless handlers interrupt the call. */
static int receive_all(int fd, void *bytes, size_t size, int *passed, struct waiting *waiting) {
  for (char *next = bytes; size > 0;) {
    union {
      struct cmsghdr header;
      char room[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = next, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    long got = raw(SYS_recvmsg, fd, &message, MSG_CMSG_CLOEXEC);
    if (got == -EINTR && (!waiting || has_grace(fd, waiting))) continue;
    if (got == -EAGAIN && waiting && waiting->interrupted) return -EINTR;
    if (got < 0) return (int)got;
    take_passed(&message, passed);
    if (got == 0) return -ECONNRESET;
    next += got;
    size -= (size_t)got;
  }
  return 0;
}

/*
 * Waits for the first byte while a descriptor's number is reserved, and then frees the number for the
 * descriptor that comes with the reply.
 */
static void hold_number(int fd, int reserved) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  struct timespec limit = {.tv_sec = PROMPT_LIMIT};
  raw(SYS_ppoll, &wait, 1, &limit, 0, 0);
  raw(SYS_close, reserved);
}

static int exchange(int fd, const struct boxer_request *request, struct boxer_reply *reply, int *passed,
                    enum patience patience, struct waiting *waiting, const signal_mask *guest_mask) {
  int reserved = passed ? (int)raw(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3) : -1;
  /* Without a free number the kernel would drop the descriptor that comes with the reply. */
  if (passed && reserved < 0) return -EMFILE;
  int result = send_all(fd, request, sizeof *request);
  if (reserved >= 0) hold_number(fd, reserved);
  if (result < 0) return result;
  signal_mask ours;
  if (patience != PROMPT) {
    signals_block(&ours);
    signals_restore(guest_mask);
  }
  result = receive_all(fd, reply, sizeof *reply, passed, patience == INTERRUPTIBLE ? waiting : NULL);
  if (patience != PROMPT) signals_restore(&ours);
  if (result < 0) return result;
  bool valid = reply->magic == BOXER_WIRE_MAGIC && reply->operation == request->operation &&
               reply->count <= BOXER_ADDRESS_MAX && reply->name[BOXER_NAME_MAX - 1] == 0;
  return valid ? 0 : -EPROTO;
}

struct errand {
  const struct config *config;
  struct boxer_request *request;
  struct boxer_reply *reply; /* NULL: nobody waits for one */
  int *passed;
  enum patience patience;
  struct waiting *waiting;
  const signal_mask *guest_mask;
  int result;
};

static void run(void *data) {
  static const int64_t limits[] = {[PROMPT] = PROMPT_LIMIT * 1000000, [PATIENT] = PATIENT_LIMIT * 1000000};
  struct errand *errand = data;
  int64_t limit = errand->patience == INTERRUPTIBLE ? errand->waiting->limit : limits[errand->patience];
  int fd = open_connection(errand->config, limit, errand->reply ? 0 : SOCK_NONBLOCK);
  errand->result = fd;
  if (fd < 0) return;
  errand->result = errand->reply ? exchange(fd, errand->request, errand->reply, errand->passed,
                                            errand->patience, errand->waiting, errand->guest_mask)
                                 : send_all(fd, errand->request, sizeof *errand->request);
  raw(SYS_close, fd);
}

/* A guest without a free descriptor can ask as well, unless it wants to receive one. No handler runs then. */
static void run_anywhere(struct errand *errand) {
  run(errand);
  if (errand->result != -EMFILE || errand->passed) return;
  errand->patience = PROMPT;
  run_with_own_descriptors(run, errand);
}

/*
 * A full queue means that the supervisor has not read earlier hints yet. When it does, it will see the
 * present state.
 */
void service_hint(struct boxer_request *request) {
  const struct config *config = network_config();
  if (!config || !may_ask()) return;
  request->magic = BOXER_WIRE_MAGIC;
  request->process = (uint32_t)raw(SYS_getpid);
  signal_mask old;
  signals_block(&old);
  struct errand errand = {.config = config, .request = request, .patience = PROMPT};
  run_anywhere(&errand);
  signals_restore(&old);
  TRACE("supervisor: hint %d, result %d", request->operation, errand.result);
}

int service_request(struct boxer_request *request, struct boxer_reply *reply, int *passed,
                    enum patience patience, struct waiting *waiting) {
  const struct config *config = network_config();
  if (!config || !may_ask()) return ENETUNREACH;
  if (passed) *passed = -1;
  request->magic = BOXER_WIRE_MAGIC;
  request->process = (uint32_t)raw(SYS_getpid);
  signal_mask old;
  signals_block(&old);
  struct errand errand = {config, request, reply, passed, patience, waiting, &old, 0};
  run_anywhere(&errand);
  if (errand.result < 0 && passed && *passed >= 0) {
    raw(SYS_close, *passed);
    *passed = -1;
  }
  signals_restore(&old);
  TRACE("supervisor: request %d, result %d, reply's errno %d", request->operation, errand.result,
        errand.result < 0 ? 0 : reply->error);
  return errand.result < 0 ? -errand.result : 0;
}
