/* The kernel's connect(), through libc's: a raw system call would not be a cancellation point. */
#ifndef BOXER_KERNEL_CONNECT_H
#define BOXER_KERNEL_CONNECT_H

#include <sys/socket.h>

#include "../service-wire.h"

int kernel_connect(int fd, const struct sockaddr *address, socklen_t length);
int kernel_connect_to(int fd, int family, const struct boxer_endpoint *endpoint);

#endif
