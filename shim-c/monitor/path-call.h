/* Calls of libc's with a path that may stand elsewhere. */
#ifndef BOXER_PATH_CALL_H
#define BOXER_PATH_CALL_H

#include <fcntl.h>

#include "denied.h"
#include "libc.h"
#include "monitor.h"
#include "place.h"
#include "trace.h"

/*
 * Defines on_<name>(), which is libc's `name` with the parameter `path` at its place. `directory` is what the
 * path is relative to; `arguments` are those of the function in its own order. A path that stays costs no
 * more than the question, and no stack.
 */
#define PATH_PARTS(room, directory, type, name, failed, parameters, arguments, ...) \
  static type real_##name parameters {                                              \
    type (*real)(__VA_ARGS__) = LIBC(__typeof__(real), name);                       \
    if (!real) return fail(ENOSYS), failed;                                         \
    return real arguments;                                                          \
  }                                                                                 \
  __attribute__((noinline)) static type moved_##name parameters {                   \
    room(place);                                                                    \
    if (!find_place(directory, path, &place)) return failed;                        \
    path = place.path;                                                              \
    type result = real_##name arguments;                                            \
    leave_place(&place);                                                            \
    return result;                                                                  \
  }
#define PATH_CALL_IN(room, directory, type, name, failed, parameters, arguments, ...) \
  PATH_PARTS(room, directory, type, name, failed, parameters, arguments, __VA_ARGS__) \
  static type on_##name parameters {                                                  \
    if (is_remapped(directory, path)) return moved_##name arguments;                  \
    TRACE(#name "(%s): passed to libc", path);                                        \
    type result = real_##name arguments;                                              \
    if (result == (failed)) note_denied(directory, path, last_error());               \
    return result;                                                                    \
  }
/* The same for calls that only ask what may be done: whoever asks has not been refused anything. */
#define ASKING_PATH_CALL_AT(directory, type, name, failed, parameters, arguments, ...)       \
  PATH_PARTS(SHORT_PLACE, directory, type, name, failed, parameters, arguments, __VA_ARGS__) \
  static type on_##name parameters {                                                         \
    return is_remapped(directory, path) ? moved_##name arguments : real_##name arguments;    \
  }
#define PATH_CALL_AT(directory, type, name, failed, parameters, arguments, ...) \
  PATH_CALL_IN(SHORT_PLACE, directory, type, name, failed, parameters, arguments, __VA_ARGS__)
/* The same for functions that take much stack themselves. */
#define DEEP_PATH_CALL(type, name, failed, parameters, arguments, ...) \
  PATH_CALL_IN(CLAIMED_PLACE, AT_FDCWD, type, name, failed, parameters, arguments, __VA_ARGS__)
#define PATH_CALL(type, name, failed, parameters, arguments, ...) \
  PATH_CALL_AT(AT_FDCWD, type, name, failed, parameters, arguments, __VA_ARGS__)

#endif
