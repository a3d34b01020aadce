/* A signal handler must not run (and longjmp away) while the monitor has a descriptor open. */
#ifndef BOXER_SIGNALS_H
#define BOXER_SIGNALS_H

#include <stdint.h>

typedef uint64_t signal_mask;

void signals_block(signal_mask *old);
void signals_restore(const signal_mask *old);

#endif
