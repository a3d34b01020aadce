/*
 * ioctl(): the older way to ask for an interface's address, which Java's NetworkInterface uses. Any other
 * request costs one comparison.
 */
#include "ioctl.h"

#include <net/if.h>
#include <sys/ioctl.h>

#include "address.h"
#include "config.h"
#include "libc.h"
#include "monitor.h"
#include "nodes.h"

static bool is_own(const struct sockaddr *address) {
  struct boxer_endpoint endpoint;
  return as_ipv4(address, sizeof(struct sockaddr_in), &endpoint) && endpoint_ip(&endpoint) == self_underlay();
}

static void show(struct sockaddr *address, uint32_t ip) {
  memcpy(&((struct sockaddr_in *)(void *)address)->sin_addr, &ip, sizeof ip);
}

/* Whether the interface that is asked about has the node's own address. */
static bool is_own_interface(int fd, const struct ifreq *asked) {
  struct ifreq request = *asked;
  return raw(SYS_ioctl, fd, SIOCGIFADDR, &request) == 0 && is_own(&request.ifr_addr);
}

static long interface_call(int fd, unsigned long request, void *argument) {
  long result = next(ioctl, fd, request, argument);
  uint32_t overlay = result == 0 && network_config() ? self_overlay() : 0;
  if (!overlay) return result;
  struct ifreq *one = argument;
  struct ifconf *list = argument;
  switch (request) {
    case SIOCGIFADDR:
      if (is_own(&one->ifr_addr)) show(&one->ifr_addr, overlay);
      break;
    case SIOCGIFNETMASK:
      if (is_own_interface(fd, one)) show(&one->ifr_netmask, overlay_mask());
      break;
    case SIOCGIFBRDADDR:
      if (is_own_interface(fd, one)) show(&one->ifr_broadaddr, overlay | ~overlay_mask());
      break;
    case SIOCGIFCONF:
      for (int at = 0; list->ifc_req && at + (int)sizeof *one <= list->ifc_len; at += (int)sizeof *one) {
        struct ifreq *entry = (struct ifreq *)(void *)(list->ifc_buf + at);
        if (is_own(&entry->ifr_addr)) show(&entry->ifr_addr, overlay);
      }
  }
  return result;
}

long on_ioctl(int fd, unsigned long request, void *argument) {
  switch ((uint32_t)request) {
    case SIOCGIFCONF:
    case SIOCGIFADDR:
    case SIOCGIFNETMASK:
    case SIOCGIFBRDADDR:
      return returned(interface_call(fd, (uint32_t)request, argument));
    default:
      return returned(next(ioctl, fd, request, argument));
  }
}

/* Variadic in the headers; the argument travels in the same register either way. */
EXPORT int boxer_ioctl(int, unsigned long, void *) __asm__("ioctl");
EXPORT int boxer_ioctl(int fd, unsigned long request, void *argument) {
  return (int)on_ioctl(fd, request, argument);
}
