/* The overlay names of connected sockets, by inode. */
#ifndef BOXER_KNOWN_NAMES_H
#define BOXER_KNOWN_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "../service-wire.h"

void remember_names(uint64_t inode, const struct boxer_endpoint *local, const struct boxer_endpoint *peer);
void forget_names(uint64_t inode);
bool known_names(uint64_t inode, struct boxer_endpoint *local, struct boxer_endpoint *peer);

#endif
