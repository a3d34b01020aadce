/* sendto() and its kin, under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_DATAGRAMS_H
#define BOXER_DATAGRAMS_H

#include <sys/socket.h>

struct mmsghdr;
ssize_t on_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address,
                  socklen_t length);
ssize_t on_sendmsg(int fd, const struct msghdr *message, int flags);
int on_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

#endif
