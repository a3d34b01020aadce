/* uname(), under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_HOSTNAME_H
#define BOXER_HOSTNAME_H

struct utsname;
int on_uname(struct utsname *name);

#endif
