/*
 * What bind() did to a socket has to be known wherever the socket goes: in another program after exec, in
 * another process after SCM_RIGHTS. So it is kept in the socket's TCP_NOTSENT_LOWAT. Setting that needs no
 * privilege, and values of nearly 4 GiB have no effect.
 */
#include "carried.h"

#include <netinet/tcp.h>

#include "marks.h"
#include "monitor.h"
#include "nodes.h"
#include "permitted.h"
#include "socket.h"

#define CARRIED 0xfeb00000u
#define CARRIED_SHADOW 0x10000u

void carry_mark(int fd, unsigned marks, uint16_t port) {
  uint32_t value = CARRIED | (marks & MARK_SHADOWED ? CARRIED_SHADOW : 0) | port;
  if (!may_look()) return;
  mark_port(fd, marks, port);
  raw(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}

/* Where the kernel knows the node's own address there are no such marks, and the value is the guest's own. */
bool is_carried(uint32_t low_water_mark) {
  return (low_water_mark & ~(CARRIED_SHADOW | 0xffff)) == CARRIED && self_bound() == 0;
}

unsigned adopt_carried_marks(int fd, uint32_t ip) {
  static const uint8_t shadow[4] = SHADOW_ADDRESS;
  bool is_shadow = memcmp(&ip, shadow, sizeof ip) == 0;
  if (ip != 0 && !is_shadow) return 0;
  uint32_t value = (uint32_t)socket_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT);
  if (!is_carried(value) || is_shadow != !!(value & CARRIED_SHADOW)) return 0;
  unsigned marks = is_shadow ? MARK_SHADOWED : MARK_OVERLAY_BOUND;
  mark_port(fd, marks, (uint16_t)value);
  return marks;
}
