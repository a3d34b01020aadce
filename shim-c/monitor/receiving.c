/*
 * recvfrom() and its kin, where they return an address: a Unix socket below a remapped folder is shown by the
 * path that the guest knows. The kernel delivers the bytes, and calls that ask for no address are passed to
 * it unchanged.
 */
#define _GNU_SOURCE
#include "receiving.h"

#include <sys/un.h>

#include "address.h"
#include "claim.h"
#include "config.h"
#include "fortified.h"
#include "libc.h"
#include "monitor.h"
#include "reading.h"
#include "socket.h"
#include "unix-address.h"

typedef ssize_t recvfrom_function(int, void *, size_t, int, struct sockaddr *, socklen_t *);
typedef ssize_t recvmsg_function(int, struct msghdr *, int);
typedef int recvmmsg_function(int, struct mmsghdr *, unsigned, int, void *);

/* A sun_path of full length has no NUL, but the kernel counts one in the length. */
static bool is_whole(socklen_t given, socklen_t length) { return length <= given || length == given + 1; }

/*
 * Rewrites what the kernel wrote at `to`, where there is room for `given` bytes. `length` is the address's
 * length, which may be more.
 */
static void rewrite(void *to, socklen_t given, socklen_t *length) {
  union address address;
  socklen_t all = *length;
  if (!to || all <= sizeof(sa_family_t) || all >= sizeof address || !is_whole(given, all)) return;
  if (((struct sockaddr *)to)->sa_family != AF_UNIX) return;
  memset(&address, 0, sizeof address);
  memcpy(&address, to, all < given ? all : given);
  if (!visible_unix(&address, &all)) return;
  memcpy(to, &address, all < given ? all : given);
  *length = all;
}

/* libc's functions are cancellation points. */
static ssize_t kernel_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address,
                               socklen_t *room) {
  recvfrom_function *real = LIBC(recvfrom_function *, recvfrom);
  return real ? real(fd, bytes, size, flags, address, room)
              : returned(raw(SYS_recvfrom, fd, bytes, size, flags, address, room));
}

static ssize_t kernel_recvmsg(int fd, struct msghdr *message, int flags) {
  recvmsg_function *real = LIBC(recvmsg_function *, recvmsg);
  return real ? real(fd, message, flags) : returned(raw(SYS_recvmsg, fd, message, flags));
}

/*
 * Where the guest has room for part of a path only, it gets that part of the visible path, so the whole
 * address has to be received.
 */
static bool is_small(const void *address, socklen_t given) {
  return given < sizeof(struct sockaddr_un) && can_write(address, given);
}

static void give(void *to, socklen_t given, socklen_t *room, union address *address, socklen_t length) {
  if (length > sizeof(sa_family_t) && length < sizeof *address) visible_unix(address, &length);
  memcpy(to, address, length < given ? length : given);
  *room = length;
}

__attribute__((noinline)) static ssize_t receive_whole(int fd, void *bytes, size_t size, int flags,
                                                       struct sockaddr *address, socklen_t *room) {
  union address from;
  socklen_t length = sizeof from;
  socklen_t given = *room;
  memset(&from, 0, sizeof from);
  ssize_t received = kernel_recvfrom(fd, bytes, size, flags, &from.any, &length);
  /* The kernel sets no length where there is no address. */
  if (received >= 0) give(address, given, room, &from, length);
  return received;
}

ssize_t on_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address, socklen_t *room) {
  if (!address || !remap_value() || !can_write(room, sizeof *room))
    return kernel_recvfrom(fd, bytes, size, flags, address, room);
  socklen_t given = *room;
  if (is_small(address, given)) return receive_whole(fd, bytes, size, flags, address, room);
  ssize_t received = kernel_recvfrom(fd, bytes, size, flags, address, room);
  if (received >= 0) rewrite(address, given, room);
  return received;
}

__attribute__((noinline)) static ssize_t recvmsg_whole(int fd, struct msghdr *message, int flags) {
  union address from;
  struct msghdr other = *message;
  memset(&from, 0, sizeof from);
  other.msg_name = &from;
  other.msg_namelen = sizeof from;
  ssize_t received = kernel_recvmsg(fd, &other, flags);
  if (received < 0) return received;
  message->msg_flags = other.msg_flags;
  message->msg_controllen = other.msg_controllen;
  give(message->msg_name, message->msg_namelen, &message->msg_namelen, &from, other.msg_namelen);
  return received;
}

ssize_t on_recvmsg(int fd, struct msghdr *message, int flags) {
  if (!remap_value() || !can_write(message, sizeof *message) || !message->msg_name)
    return kernel_recvmsg(fd, message, flags);
  socklen_t given = message->msg_namelen;
  if (is_small(message->msg_name, given)) return recvmsg_whole(fd, message, flags);
  ssize_t received = kernel_recvmsg(fd, message, flags);
  if (received >= 0) rewrite(message->msg_name, given, &message->msg_namelen);
  return received;
}

static int kernel_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout) {
  recvmmsg_function *real = LIBC(recvmmsg_function *, recvmmsg);
  return real ? real(fd, messages, count, flags, timeout)
              : (int)returned(raw(SYS_recvmmsg, fd, messages, count, flags, timeout));
}

#define MOST_MESSAGES 1024u /* the kernel's own limit */

/* The kernel overwrites the size of each address's room with the address's length. */
__attribute__((noinline)) static int receive_several(int fd, struct mmsghdr *messages, unsigned count,
                                                     int flags, void *timeout) {
  socklen_t *given = claim(count * sizeof *given, HERE);
  if (!given) return fail(ENOMEM);
  for (unsigned i = 0; i < count; i++) given[i] = messages[i].msg_hdr.msg_namelen;
  int received = kernel_recvmmsg(fd, messages, count, flags, timeout);
  for (int i = 0; i < received; i++)
    rewrite(messages[i].msg_hdr.msg_name, given[i], &messages[i].msg_hdr.msg_namelen);
  unclaim(given);
  return received;
}

int on_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout) {
  bool named = false;
  if (count > MOST_MESSAGES) count = MOST_MESSAGES;
  bool ours = remap_value() && count > 0 && can_write(messages, count * sizeof *messages);
  for (unsigned i = 0; ours && i < count; i++) named = named || messages[i].msg_hdr.msg_name;
  bool concerned = named && socket_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX;
  return concerned ? receive_several(fd, messages, count, flags, timeout)
                   : kernel_recvmmsg(fd, messages, count, flags, timeout);
}

EXPORT ssize_t recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address,
                        socklen_t *room) {
  return on_recvfrom(fd, bytes, size, flags, address, room);
}
EXPORT ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t real_size, int flags,
                              struct sockaddr *address, socklen_t *room) {
  check_room(size, real_size);
  return on_recvfrom(fd, bytes, size, flags, address, room);
}
EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags) { return on_recvmsg(fd, message, flags); }
/* <sys/socket.h> declares the last parameter differently; some libcs have it const. */
EXPORT int boxer_recvmmsg(int, struct mmsghdr *, unsigned, int, void *) __asm__("recvmmsg");
EXPORT int boxer_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout) {
  return on_recvmmsg(fd, messages, count, flags, timeout);
}
