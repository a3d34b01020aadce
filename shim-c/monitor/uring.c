/*
 * io_uring makes system calls that the monitor cannot see. A connect() to an overlay address would leave by
 * the default route and wait there. So rings are refused, as by Docker's default profile since Engine 25 and
 * by Lambda; programs that use one can do without.
 */
#include "uring.h"

#include "config.h"
#include "libc.h"
#include "monitor.h"
#include "trace.h"

long on_io_uring_setup(unsigned entries, void *settings) {
  TRACE("io_uring_setup(): refused: %d", network_config() != NULL);
  return network_config() ? -EPERM : raw(SYS_io_uring_setup, entries, settings);
}

/* liburing makes its own system calls. Its functions return -errno. */
#define RING(name, parameters, arguments)                                  \
  int name parameters;                                                     \
  EXPORT int name parameters {                                             \
    int(*real) parameters = (int(*) parameters)libc_function(LIBC_##name); \
    if (network_config()) return -EPERM;                                   \
    return real ? real arguments : -ENOSYS;                                \
  }

RING(io_uring_queue_init, (unsigned entries, void *ring, unsigned flags), (entries, ring, flags))
RING(io_uring_queue_init_params, (unsigned entries, void *ring, void *settings), (entries, ring, settings))
RING(io_uring_queue_init_mem, (unsigned entries, void *ring, void *settings, void *room, size_t size),
     (entries, ring, settings, room, size))
RING(io_uring_setup, (unsigned entries, void *settings), (entries, settings))
