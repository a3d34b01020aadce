/* Endpoints of the wire and socket addresses of both families. */
#include "address.h"

#include "monitor.h"

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* The size up to the scope id, which the kernel does not require. */
#define SHORT_IN6 24

static uint16_t host_order(uint16_t port) { return (uint16_t)(port >> 8 | port << 8); }

uint32_t endpoint_ip(const struct boxer_endpoint *endpoint) {
  uint32_t address;
  memcpy(&address, endpoint->address, sizeof address);
  return address;
}

void set_endpoint_ip(struct boxer_endpoint *endpoint, uint32_t address) {
  memcpy(endpoint->address, &address, sizeof address);
}

bool is_loopback(uint32_t address) { return ((const uint8_t *)&address)[0] == 127; }

bool as_ipv4(const struct sockaddr *address, socklen_t length, struct boxer_endpoint *endpoint) {
  /* The kernel refuses longer addresses, and so negative lengths. */
  if (!address || length < sizeof(sa_family_t) || length > sizeof(struct sockaddr_storage)) return false;
  *endpoint = (struct boxer_endpoint){0};
  if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
    const struct sockaddr_in *in = (const void *)address;
    memcpy(endpoint->address, &in->sin_addr, 4);
    endpoint->port = host_order(in->sin_port);
    return true;
  }
  if (address->sa_family == AF_INET6 && length >= SHORT_IN6) {
    const struct sockaddr_in6 *in6 = (const void *)address;
    if (memcmp(&in6->sin6_addr, mapped_prefix, sizeof mapped_prefix) != 0) return false;
    memcpy(endpoint->address, (const uint8_t *)&in6->sin6_addr + 12, 4);
    endpoint->port = host_order(in6->sin6_port);
    return true;
  }
  return false;
}

bool as_ipv4_or_any(const struct sockaddr *address, socklen_t length, struct boxer_endpoint *endpoint) {
  if (as_ipv4(address, length, endpoint)) return true;
  if (!address || length < SHORT_IN6 || address->sa_family != AF_INET6) return false;
  static const uint8_t any[16];
  const struct sockaddr_in6 *in6 = (const void *)address;
  if (memcmp(&in6->sin6_addr, any, sizeof any) != 0) return false;
  *endpoint = (struct boxer_endpoint){.port = host_order(in6->sin6_port)};
  return true;
}

socklen_t as_family(int family, const struct boxer_endpoint *endpoint, union address *address) {
  memset(address, 0, sizeof *address);
  if (family == AF_INET6) {
    address->in6.sin6_family = AF_INET6;
    address->in6.sin6_port = host_order(endpoint->port);
    memcpy(&address->in6.sin6_addr, mapped_prefix, sizeof mapped_prefix);
    memcpy((uint8_t *)&address->in6.sin6_addr + 12, endpoint->address, 4);
    return sizeof address->in6;
  }
  address->in.sin_family = AF_INET;
  address->in.sin_port = host_order(endpoint->port);
  memcpy(&address->in.sin_addr, endpoint->address, 4);
  return sizeof address->in;
}

void copy_address(const union address *address, socklen_t length, struct sockaddr *to, socklen_t *room) {
  memcpy(to, address, *room < length ? *room : length);
  *room = length;
}
