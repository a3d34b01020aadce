/* Connections that come to the guest by signal connections, in the test supervisor. */
#ifndef BOXER_ARRIVALS_H
#define BOXER_ARRIVALS_H

#include <stdbool.h>

#include "../service-wire.h"

/*
 * BOXER_CONNECT to a node that leads back here: queues a signal connection at the guest's listener on `port`
 * and gives the address whose first connection it stands for; blocks while the listener's queue is full.
 * `gone`: that connection is never handed over. Gives 0 or an errno value.
 */
int arrivals_announce(uint16_t port, bool gone, struct boxer_endpoint *relay);
/* The port at the guest that a relay's port leads to; 0 for any other. */
uint16_t arrivals_target(uint16_t relay_port);
/* BOXER_ACCEPT: the connection that a signal connection stands for, or -1. */
int arrivals_take(uint16_t signal_port);

#endif
