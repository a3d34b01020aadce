/* accept(), under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_ACCEPT_H
#define BOXER_ACCEPT_H

#include <sys/socket.h>

int on_accept(int fd, struct sockaddr *address, socklen_t *room);
int on_accept4(int fd, struct sockaddr *address, socklen_t *room, int flags);

#endif
