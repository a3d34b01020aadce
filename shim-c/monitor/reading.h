/*
 * Whether the guest's pointers can be followed. Where they cannot, the kernel answers the call: it knows the
 * errno.
 */
#ifndef BOXER_READING_H
#define BOXER_READING_H

#include <stdbool.h>
#include <stddef.h>

#define UNREADABLE ((size_t)-1)

/* Whether `size` bytes can be read, or written. */
bool can_read(const void *pointer, size_t size);
bool can_write(const void *pointer, size_t size);
/* Whether an int can be read; false for NULL. */
bool can_read_int(const void *pointer);
/*
 * Whether the pointer leads into the stack of whoever called the monitor, so that nobody has to be asked
 * about it.
 */
bool on_callers_stack(const void *pointer);
/* A string's length; `limit` where it is not shorter; UNREADABLE where the kernel would fail with EFAULT. */
size_t text_length(const char *text, size_t limit);

#endif
