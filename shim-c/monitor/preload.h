/* LD_PRELOAD's value: the guest's own entries in their order, then ours. */
#ifndef BOXER_PRELOAD_H
#define BOXER_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>

#define PRELOAD "LD_PRELOAD="

/* The entry that is the process monitor: its place and length in `value`; NULL when there is none. */
const char *own_entry(const char *value, size_t *length);
/* Whether `value` is the guest's own with `entry` behind it, and nowhere else. */
bool ends_in_entry(const char *value, const char *entry);
/*
 * Writes `value` without any `entry`, and its NUL; `to` has room for as much as `value` takes. False: nothing
 * but `entry` was there.
 */
bool without_entry(const char *value, const char *entry, char *to);
/*
 * Writes a variable that preloads what the guest's own `value` says and then `entry`; `to` has room for
 * joined_size() bytes.
 */
void join_entry(const char *value, const char *entry, char *to);
size_t joined_size(const char *value, const char *entry);

#endif
