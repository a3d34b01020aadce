/* recvfrom() and its kin, under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_RECEIVING_H
#define BOXER_RECEIVING_H

#include <sys/socket.h>

struct mmsghdr;
ssize_t on_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address, socklen_t *room);
ssize_t on_recvmsg(int fd, struct msghdr *message, int flags);
int on_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout);

#endif
