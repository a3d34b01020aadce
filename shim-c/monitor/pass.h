/*
 * Calls that the monitor passes on because nothing is remapped: to libc's function, or to the library in
 * front of it.
 */
#ifndef BOXER_PASS_H
#define BOXER_PASS_H

#include "config.h"
#include "libc.h"
#include "trace.h"

/* On both machines a function ignores registers that it has no arguments for. */
typedef long passed_on(long, long, long, long, long);

#define PASS_PICK(_1, _2, _3, _4, _5, name, ...) name
#define PASS1(real, a) (real)((long)(a), 0, 0, 0, 0)
#define PASS2(real, a, b) (real)((long)(a), (long)(b), 0, 0, 0)
#define PASS3(real, a, b, c) (real)((long)(a), (long)(b), (long)(c), 0, 0)
#define PASS4(real, a, b, c, d) (real)((long)(a), (long)(b), (long)(c), (long)(d), 0)
#define PASS5(real, a, b, c, d, e) (real)((long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

#define PASS_AS(type, name, ...)                                                 \
  passed_on *const next_##name = remap_value() ? NULL : LIBC(passed_on *, name); \
  if (next_##name) TRACE(#name "(): no remaps, passed to libc");                 \
  if (next_##name)                                                               \
    return (type)PASS_PICK(__VA_ARGS__, PASS5, PASS4, PASS3, PASS2, PASS1, )(next_##name, __VA_ARGS__);

/*
 * PASS(stat, path, found) returns from the function with libc's result. Where there are remaps, or this libc
 * has no function of the name, it does nothing.
 */
#define PASS(name, ...) PASS_AS(int, name, __VA_ARGS__)
#define PASS_SIZE(name, ...) PASS_AS(ssize_t, name, __VA_ARGS__)

#endif
