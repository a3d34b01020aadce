/* What the kernel knows about a socket. */
#ifndef BOXER_SOCKET_H
#define BOXER_SOCKET_H

#include <stdint.h>

#include "address.h"

/* The inode of a descriptor's file, 0 when there is none. */
uint64_t socket_inode(int fd);
/* The value of an option of the size of an int, -1 when there is none. */
int socket_option(int fd, int level, int option);
/*
 * Writes the kernel's answer to SYS_getsockname or SYS_getpeername; returns the family, 0 when the address is
 * not IPv4.
 */
int kernel_name(int fd, long call, struct boxer_endpoint *endpoint);

#endif
