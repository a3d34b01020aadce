/* setsockopt() and getsockopt(), under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_MULTICAST_H
#define BOXER_MULTICAST_H

#include <sys/socket.h>

int on_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int on_getsockopt(int fd, int level, int option, void *value, socklen_t *size);

#endif
