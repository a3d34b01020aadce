#include "signals.h"

#include <signal.h>

#include "monitor.h"

/*
 * Blocks all signals, including those that libc reserves: a cancelled thread would leak the monitor's
 * descriptor.
 */
void signals_block(signal_mask *old) {
  signal_mask all = ~(signal_mask)0;
  raw(SYS_rt_sigprocmask, SIG_SETMASK, &all, old, sizeof all);
}

void signals_restore(const signal_mask *old) { raw(SYS_rt_sigprocmask, SIG_SETMASK, old, 0, sizeof *old); }
