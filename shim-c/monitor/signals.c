#include "signals.h"

#include <signal.h>

#include "monitor.h"

/*
 * All signals, the two or three that the libc keeps to itself included: a cancelled thread would leak our
 * descriptor.
 */
void signals_block(signal_mask *old) {
  signal_mask all = ~(signal_mask)0;
  raw(SYS_rt_sigprocmask, SIG_SETMASK, &all, old, sizeof all);
}

void signals_restore(const signal_mask *old) { raw(SYS_rt_sigprocmask, SIG_SETMASK, old, 0, sizeof *old); }
