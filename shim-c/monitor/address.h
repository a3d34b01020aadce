/* Endpoints of the wire and socket addresses of both families. */
#ifndef BOXER_ADDRESS_H
#define BOXER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../service-wire.h"

union address {
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  struct sockaddr_storage storage;
};

/* Splits an AF_INET or IPv4-mapped AF_INET6 address; false for anything else. */
bool as_ipv4(const struct sockaddr *address, socklen_t length, struct boxer_endpoint *endpoint);
/* The same for a socket's own address, where the IPv6 wildcard counts as 0.0.0.0. */
bool as_ipv4_or_any(const struct sockaddr *address, socklen_t length, struct boxer_endpoint *endpoint);
/* Writes an endpoint in the given family (AF_INET6: mapped) and returns its length. */
socklen_t as_family(int family, const struct boxer_endpoint *endpoint, union address *address);
/* Copies an address out as the kernel does: it is cut to *room, and *room becomes the full length. */
void copy_address(const union address *address, socklen_t length, struct sockaddr *to, socklen_t *room);
uint32_t endpoint_ip(const struct boxer_endpoint *endpoint);
void set_endpoint_ip(struct boxer_endpoint *endpoint, uint32_t address);
bool is_loopback(uint32_t address);

#endif
