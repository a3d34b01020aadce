/* The test supervisor's part for calls of connect() that continue without their callers. */
#ifndef BOXER_LATER_H
#define BOXER_LATER_H

#include "../service-wire.h"

/* BOXER_CONNECT_LATER: replies with the address to which the guest's socket is connected while it waits. */
void later_place(const struct boxer_request *request, struct boxer_reply *reply);
/* The target of the socket that waits, or has waited, at `port`. Its port is 0 if there is no such socket. */
struct boxer_endpoint later_target(uint16_t port);
/* Record that a BOXER_CONNECT was read, in the order of arrival, and that it was answered, in any order. */
void later_asked(const struct boxer_request *request);
void later_answered(const struct boxer_request *request, const struct boxer_reply *reply);
/* BOXER_UNDER_WAY: forwards bytes to the address in the answer, until both ends have ended. */
void later_carry(const struct boxer_request *request);

#endif
