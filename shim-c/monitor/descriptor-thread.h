#ifndef BOXER_DESCRIPTOR_THREAD_H
#define BOXER_DESCRIPTOR_THREAD_H

#include <stdbool.h>

/*
 * Runs `work(data)` in a thread whose table of descriptors is a copy of ours, with the lowest ones closed: a
 * guest that has used up its descriptors has none for us, and must not miss one for a moment. Returns when it
 * has ended; false: it could not be started. All signals have to be blocked. The thread knows no libc: raw
 * system calls only.
 */
bool run_with_own_descriptors(void (*work)(void *), void *data);

#endif
