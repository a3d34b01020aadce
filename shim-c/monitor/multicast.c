/*
 * setsockopt() and getsockopt() where they name an interface by its address. No interface of the kernel has
 * the overlay address.
 */
#include "multicast.h"

#include <netinet/in.h>

#include "config.h"
#include "libc.h"
#include "monitor.h"
#include "nodes.h"
#include "reading.h"

typedef int setsockopt_function(int, int, int, const void *, socklen_t);
typedef int getsockopt_function(int, int, int, void *, socklen_t *);

/*
 * Enough for the structures of fixed size. Longer lists of sources (IP_MSFILTER) are passed to the kernel
 * unchanged.
 */
#define ROOM 128

/* The offset of the interface's address in the option's value; negative: it has none. */
static int interface_at(int option, socklen_t size) {
  switch (option) {
    case IP_MULTICAST_IF: /* struct in_addr, or one of the structures below */
      return size >= 8 ? 4 : 0;
    case IP_ADD_MEMBERSHIP: /* struct ip_mreq, struct ip_mreqn */
    case IP_DROP_MEMBERSHIP:
    case IP_ADD_SOURCE_MEMBERSHIP: /* struct ip_mreq_source */
    case IP_DROP_SOURCE_MEMBERSHIP:
    case IP_BLOCK_SOURCE:
    case IP_UNBLOCK_SOURCE:
    case IP_MSFILTER: /* struct ip_msfilter */
      return 4;
    default:
      return -1;
  }
}

static bool can_be_read(const void *value, socklen_t size) {
  return can_read_int(value) && can_read_int((const char *)value + size - sizeof(int));
}

int on_setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
  int at = level == IPPROTO_IP ? interface_at(option, size) : -1;
  char room[ROOM];
  if (at >= 0 && network_config() && size >= (socklen_t)at + sizeof(uint32_t) && size <= sizeof room &&
      can_be_read(value, size)) {
    uint32_t address;
    memcpy(room, value, size);
    memcpy(&address, room + at, sizeof address);
    uint32_t underlay = self_underlay();
    if (address && underlay && address == self_overlay()) {
      memcpy(room + at, &underlay, sizeof underlay);
      return (int)returned(raw(SYS_setsockopt, fd, level, option, room, size));
    }
  }
  setsockopt_function *real = LIBC(setsockopt_function *, setsockopt);
  return real ? real(fd, level, option, value, size)
              : (int)returned(raw(SYS_setsockopt, fd, level, option, value, size));
}

int on_getsockopt(int fd, int level, int option, void *value, socklen_t *size) {
  getsockopt_function *real = LIBC(getsockopt_function *, getsockopt);
  int result = real ? real(fd, level, option, value, size)
                    : (int)returned(raw(SYS_getsockopt, fd, level, option, value, size));
  if (level != IPPROTO_IP || option != IP_MULTICAST_IF || result < 0 || *size != sizeof(uint32_t) ||
      !network_config())
    return result;
  uint32_t overlay = self_overlay();
  uint32_t address;
  memcpy(&address, value, sizeof address);
  if (overlay && address && address == self_underlay()) memcpy(value, &overlay, sizeof overlay);
  return result;
}

EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
  return on_setsockopt(fd, level, option, value, size);
}
EXPORT int getsockopt(int fd, int level, int option, void *value, socklen_t *size) {
  return on_getsockopt(fd, level, option, value, size);
}
