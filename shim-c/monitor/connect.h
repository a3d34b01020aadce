/* connect(), under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_CONNECT_H
#define BOXER_CONNECT_H

#include <sys/socket.h>

int on_connect(int fd, const struct sockaddr *address, socklen_t length);

#endif
