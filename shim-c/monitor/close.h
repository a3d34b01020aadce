/* close() and its kin, under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_CLOSE_H
#define BOXER_CLOSE_H

int on_close(int fd);
int on_close_range(unsigned first, unsigned last, int flags);
int on_dup2(int from, int to);
int on_dup3(int from, int to, int flags);

#endif
