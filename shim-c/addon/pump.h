/*
 * Carries the bytes of relayed flows between two sockets each, on a thread of its own with one epoll: neither
 * the garbage collector nor the control network delays them, and a flow costs no memory but the kernel's.
 */
#ifndef BOXER_PUMP_H
#define BOXER_PUMP_H

#include <stddef.h>
#include <stdint.h>

struct pump;

struct pump_options {
  uint32_t slots; /* flows at the same time */
  uint32_t idle;  /* ms without a byte after which a flow is reset; 0: never */
  /*
   * One number for each slot, written by the thread: bytes that one end has sent and the other has not taken.
   */
  uint32_t *held;
  /*
   * Called on the thread when a flow's sockets are closed, with the bytes from its first socket to its
   * second, and back.
   */
  void (*ended)(void *context, uint32_t slot, uint64_t sent, uint64_t received);
  void *context;
};

/* Bytes that were read from a socket before it was given to the pump; malloc()ed. */
struct pump_early {
  char *bytes;
  size_t size;
};

/* Returns 0 and a pump, or an errno value. */
int pump_start(const struct pump_options *options, struct pump **result);
/*
 * Takes over the connected non-blocking sockets and the early bytes. The slot must be free: `ended` was
 * called for its last flow.
 */
void pump_add(struct pump *pump, uint32_t slot, const int fds[2], const struct pump_early early[2]);
/* Resets both ends; has no effect on a flow that has ended. May be called once for each flow. */
void pump_reset(struct pump *pump, uint32_t slot);
/* Resets all flows without calling `ended`, and frees the pump. */
void pump_stop(struct pump *pump);

#endif
