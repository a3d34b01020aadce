/* From a real path back to the path that the guest knows. */
#ifndef BOXER_SHOWN_H
#define BOXER_SHOWN_H

#include <stdbool.h>
#include <stddef.h>

struct shown {
  const char *start; /* what the guest sees in place of the first `hidden` bytes */
  size_t start_length;
  size_t hidden;
  size_t length; /* of the whole visible path */
};

/* False: the guest knows the path as the kernel does. */
bool find_shown(const char *path, size_t length, struct shown *shown);
/*
 * Whether a path that begins with these bytes, and may be longer, could be one that the guest knows
 * differently.
 */
bool may_be_shown(const char *path, size_t length);
/* Rewrites a path of `length` bytes and a NUL in place; there has to be room. */
void show(char *path, size_t length, const struct shown *shown);
/*
 * Writes at most `size` bytes of the visible path to memory of the guest that nobody has checked yet. Returns
 * 0, -EFAULT or -ENOMEM. `path` may be in the same place.
 */
long show_out(char *to, size_t size, const char *path, size_t length, const struct shown *shown);

#endif
