/*
 * Tells what the monitor decides, a line per decision. An ordinary build has nothing of it: `make TRACE=1`
 * compiles it in.
 */
#ifndef BOXER_TRACE_H
#define BOXER_TRACE_H

#ifdef BOXER_TRACED
/*
 * Writes one line to the descriptor in BOXER_TRACE, or to stderr. `format` knows %d (int), %s (a string,
 * which may be the guest's) and %a (struct boxer_endpoint *). Keeps errno, takes no lock and allocates
 * nothing, so any signal handler may get here.
 */
void trace(const char *format, ...);
#define TRACE(...) trace(__VA_ARGS__)
#else
#define TRACE(...) ((void)0)
#endif

#endif
