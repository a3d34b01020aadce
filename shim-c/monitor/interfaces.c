/*
 * getifaddrs(): the interface with the node's own address shows the overlay address. libc's list is changed
 * in place, and libc frees it.
 */
#include <ifaddrs.h>

#include "address.h"
#include "libc.h"
#include "monitor.h"
#include "nodes.h"

static void set_address(struct sockaddr *address, uint32_t ip) {
  if (address && address->sa_family == AF_INET)
    memcpy(&((struct sockaddr_in *)(void *)address)->sin_addr, &ip, sizeof ip);
}

static int on_getifaddrs(struct ifaddrs **list) {
  int (*real)(struct ifaddrs **) = LIBC(int (*)(struct ifaddrs **), getifaddrs);
  int result = real ? real(list) : fail(ENOSYS);
  uint32_t overlay = result == 0 ? self_overlay() : 0;
  if (!overlay) return result;
  struct boxer_endpoint endpoint;
  for (struct ifaddrs *entry = *list; entry; entry = entry->ifa_next) {
    if (!as_ipv4(entry->ifa_addr, sizeof(struct sockaddr_in), &endpoint) ||
        endpoint_ip(&endpoint) != self_underlay())
      continue;
    set_address(entry->ifa_addr, overlay);
    set_address(entry->ifa_netmask, overlay_mask());
    set_address(entry->ifa_broadaddr, overlay | ~overlay_mask());
  }
  return result;
}

EXPORT int getifaddrs(struct ifaddrs **list) { return on_getifaddrs(list); }
