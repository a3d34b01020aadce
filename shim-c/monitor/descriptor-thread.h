#ifndef BOXER_DESCRIPTOR_THREAD_H
#define BOXER_DESCRIPTOR_THREAD_H

#include <stdbool.h>

/*
 * Runs `work(data)` in a thread that has a copy of the descriptor table with the lowest descriptors closed. A
 * guest that has used up its descriptors has none to spare, and must not miss one for a moment. Returns when
 * the thread has ended; false when it could not be started. All signals have to be blocked. The thread knows
 * no libc, so `work` may use raw system calls only.
 */
bool run_with_own_descriptors(void (*work)(void *), void *data);

#endif
