/* ioctl(), under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_IOCTL_H
#define BOXER_IOCTL_H

long on_ioctl(int fd, unsigned long request, void *argument);

#endif
