/* The checks of _FORTIFY_SOURCE. */
#ifndef BOXER_FORTIFIED_H
#define BOXER_FORTIFIED_H

#include <stddef.h>

/* Ends the process, as libc does, where a buffer is smaller than the guest says. */
void check_room(size_t size, size_t room);

#endif
