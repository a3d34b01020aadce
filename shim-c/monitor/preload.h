/* LD_PRELOAD's value: the guest's entries in their order, then the monitor's. */
#ifndef BOXER_PRELOAD_H
#define BOXER_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>

#define PRELOAD "LD_PRELOAD="

/* Returns the monitor's entry in `value` and its length; NULL when there is none. */
const char *own_entry(const char *value, size_t *length);
/* Whether `entry` stands at the end of `value` and nowhere else. */
bool ends_in_entry(const char *value, const char *entry);
/*
 * Writes `value` without any `entry`, and a NUL; `to` has to have as much room as `value` takes. False:
 * `value` held nothing else.
 */
bool without_entry(const char *value, const char *entry, char *to);
/*
 * Writes the variable LD_PRELOAD with the guest's entries in `value` and then `entry`; `to` has to have room
 * for joined_size() bytes.
 */
void join_entry(const char *value, const char *entry, char *to);
size_t joined_size(const char *value, const char *entry);

#endif
