/* The names of a socket's two ends. The calls set errno as libc does. */
#ifndef BOXER_NAMES_H
#define BOXER_NAMES_H

#include <sys/socket.h>

#include "../service-wire.h"

int on_getsockname(int fd, struct sockaddr *address, socklen_t *room);
int on_getpeername(int fd, struct sockaddr *address, socklen_t *room);
/* Replaces a peer's address by the overlay's; leaves it as it is where nobody knows better. */
void overlay_peer(int fd, struct boxer_endpoint *peer);

#endif
