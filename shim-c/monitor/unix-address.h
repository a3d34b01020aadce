/* The address of a Unix socket, as the kernel has to know it. */
#ifndef BOXER_UNIX_ADDRESS_H
#define BOXER_UNIX_ADDRESS_H

#include "address.h"

/* The longest name of a socket is as long as its path. */
#define NAME_ROOM 109

struct unix_place {
  union address address;
  socklen_t length;
  int fd;               /* the descriptor that leads to the socket or its folder, or -1 */
  char name[NAME_ROOM]; /* of a new socket that has to be renamed */
  char short_name[32];  /* with its slash */
};

/* Whether the address is a path in a remapped folder. */
bool is_moved_unix(const struct sockaddr *address, socklen_t length);
/* Finds the kernel's address. False: errno says why. leave_unix_place() has to follow a true answer. */
bool find_unix_place(struct unix_place *place, const struct sockaddr *address, socklen_t length);
/* The same for bind(). After it settle_unix() gives the socket's file its name and returns 0, or -errno. */
bool find_new_unix_place(struct unix_place *place, const struct sockaddr *address, socklen_t length);
long settle_unix(const struct unix_place *place);
void leave_unix_place(const struct unix_place *place);
/*
 * Rewrites an address that the kernel gave to the one that the guest knows; false: it stays as it is. There
 * has to be a byte behind it.
 */
bool visible_unix(union address *address, socklen_t *length);

#endif
