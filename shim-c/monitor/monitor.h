/* What every part of the process monitor uses: system calls, visibility and errno. */
#ifndef BOXER_MONITOR_H
#define BOXER_MONITOR_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "raw.h"

/* Every symbol is hidden except those that symbols.def lists. */
#define EXPORT __attribute__((visibility("default")))

/* Sets errno and returns -1. The monitor writes errno nowhere else. */
int fail(int error);
/*
 * Turns a raw result into what libc would return: -1 with errno set for a failure; errno is untouched
 * otherwise.
 */
long returned(long result);
int last_error(void);

#endif
