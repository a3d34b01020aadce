/* connect() to a node that is not reached directly. */
#ifndef BOXER_ARRANGED_H
#define BOXER_ARRANGED_H

#include "../service-wire.h"

/* Asks the supervisor for the way and goes it. Sets errno as libc does. */
int connect_arranged(int fd, int family, const struct boxer_endpoint *peer);

#endif
