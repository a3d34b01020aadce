#ifndef BOXER_LISTEN_H
#define BOXER_LISTEN_H

#include "monitor.h"

/* Fills in local, family and inode of a listener that other nodes could reach; false for any other. */
bool listener_name(int fd, struct boxer_request *request);

#endif
