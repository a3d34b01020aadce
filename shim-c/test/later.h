/* Connects that go on without their callers, in the test supervisor. */
#ifndef BOXER_LATER_H
#define BOXER_LATER_H

#include "../service-wire.h"

/* BOXER_CONNECT_LATER: where the guest's socket waits. */
void later_place(const struct boxer_request *request, struct boxer_reply *reply);
/* Where a socket that waits, or has waited, at `port` was connected to; port 0 for any other. */
struct boxer_endpoint later_target(uint16_t port);
/* A BOXER_CONNECT was read, in the order of arrival, and has been answered, whenever that is. */
void later_asked(const struct boxer_request *request);
void later_answered(const struct boxer_request *request, const struct boxer_reply *reply);
/* BOXER_UNDER_WAY: carries the bytes to where the answer said, until both ends have ended. */
void later_carry(const struct boxer_request *request);

#endif
