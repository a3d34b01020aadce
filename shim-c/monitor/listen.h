/* Listeners. */
#ifndef BOXER_LISTEN_H
#define BOXER_LISTEN_H

#include <stdbool.h>

#include "../service-wire.h"

/* As listen(); sets errno as libc does. */
int on_listen(int fd, int backlog);
/* Fills in local, family and inode of a listener that other nodes could reach; false for any other. */
bool listener_name(int fd, struct boxer_request *request);

#endif
