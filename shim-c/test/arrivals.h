/* The test supervisor's part for connections that reach the guest by signal connections. */
#ifndef BOXER_ARRIVALS_H
#define BOXER_ARRIVALS_H

#include <stdbool.h>

#include "../service-wire.h"

/*
 * BOXER_CONNECT to a node that leads back to this one: queues a signal connection at the guest's listener on
 * `port`, and stores the address to which the announced connection has to be made. Blocks while the
 * listener's queue is full. `gone`: the connection is never handed over. Returns 0 or an errno value.
 */
int arrivals_announce(uint16_t port, bool gone, struct boxer_endpoint *relay);
/* The guest's port to which a relay's port leads; 0 for any other port. */
uint16_t arrivals_target(uint16_t relay_port);
/* BOXER_ACCEPT: returns the connection that a signal connection has announced, or -1. */
int arrivals_take(uint16_t signal_port);

#endif
