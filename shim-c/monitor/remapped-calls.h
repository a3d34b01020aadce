/* System calls that take paths. */
#ifndef BOXER_REMAPPED_CALLS_H
#define BOXER_REMAPPED_CALLS_H

/* Makes a system call with its paths remapped; returns what libc would. */
long call_remapped(long number, long a, long b, long c, long d, long e, long f);
#define CALL_REMAPPED(number, a, b, c, d, e) \
  ((int)call_remapped((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0))

#endif
