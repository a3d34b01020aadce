/* prctl() and seccomp() as system calls, so that a filter is noticed. Results are the kernel's. */
#ifndef BOXER_FILTER_H
#define BOXER_FILTER_H

long on_prctl(long option, long a, long b, long c, long d);
long on_seccomp(long operation, long flags, long argument);

#endif
