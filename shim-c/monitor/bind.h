/* bind(), under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_BIND_H
#define BOXER_BIND_H

#include <sys/socket.h>

int on_bind(int fd, const struct sockaddr *address, socklen_t length);

#endif
