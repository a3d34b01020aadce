/* Requests to the supervisor. */
#ifndef BOXER_REQUEST_H
#define BOXER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "../service-wire.h"

#define MILLISECOND 1000000 /* nanoseconds */
int64_t monotonic_now(void);

struct waiting {
  int64_t limit;    /* microseconds, 0 for none */
  bool interrupted; /* a handler without SA_RESTART has run; the answer came all the same, or the result is
                       EINTR */
  int64_t until;    /* monotonic_now() */
};

enum patience {
  /* The supervisor answers from memory: signals stay blocked, and the wait is at most ten seconds. */
  PROMPT,
  /*
   * The supervisor has to ask others: handlers run during the wait, which goes on for at most thirty seconds.
   */
  PATIENT,
  /* As PATIENT, for connect(): a handler without SA_RESTART ends the wait with EINTR a moment later. */
  INTERRUPTIBLE
};

/*
 * Sends one request and waits for its reply. Returns 0, or the errno value that says why there is no reply.
 * `passed` (may be NULL) receives a descriptor (close-on-exec) or -1. `waiting` is for INTERRUPTIBLE.
 */
int service_request(struct boxer_request *request, struct boxer_reply *reply, int *passed,
                    enum patience patience, struct waiting *waiting);
/* A request with its reply, to be claimed: a caller that is deep in a call may be on a small stack. */
struct question {
  struct boxer_request request;
  struct boxer_reply reply;
};

/*
 * Tells the supervisor something and does not wait: neither for delivery nor for an answer. errno stays as it
 * is.
 */
void service_hint(struct boxer_request *request);

#endif
