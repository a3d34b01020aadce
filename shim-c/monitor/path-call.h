/* Functions of libc with a path that may be remapped. */
#ifndef BOXER_PATH_CALL_H
#define BOXER_PATH_CALL_H

#include <fcntl.h>

#include "denied.h"
#include "libc.h"
#include "monitor.h"
#include "place.h"
#include "trace.h"

/*
 * Defines on_<name>(), which calls libc's `name` with the real path in place of the parameter `path`.
 * `directory` is what the path is relative to; `arguments` are those of the function in its own order. A path
 * that is not remapped costs the check only, and no stack.
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
/* The same for calls that only ask for permissions: their failure is not reported as a refusal. */
#define ASKING_PATH_CALL_AT(directory, type, name, failed, parameters, arguments, ...)       \
  PATH_PARTS(SHORT_PLACE, directory, type, name, failed, parameters, arguments, __VA_ARGS__) \
  static type on_##name parameters {                                                         \
    return is_remapped(directory, path) ? moved_##name arguments : real_##name arguments;    \
  }
#define PATH_CALL_AT(directory, type, name, failed, parameters, arguments, ...) \
  PATH_CALL_IN(SHORT_PLACE, directory, type, name, failed, parameters, arguments, __VA_ARGS__)
/* The same for functions of libc that need much stack. */
#define DEEP_PATH_CALL(type, name, failed, parameters, arguments, ...) \
  PATH_CALL_IN(CLAIMED_PLACE, AT_FDCWD, type, name, failed, parameters, arguments, __VA_ARGS__)
#define PATH_CALL(type, name, failed, parameters, arguments, ...) \
  PATH_CALL_AT(AT_FDCWD, type, name, failed, parameters, arguments, __VA_ARGS__)

#endif
