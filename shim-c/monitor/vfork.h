/* Children that share their parent's memory. */
#ifndef BOXER_VFORK_H
#define BOXER_VFORK_H

#include <stdbool.h>

/*
 * Whether this process is a vfork()ed child: what it closes must not be forgotten in the memory that it
 * shares with its parent.
 */
bool is_vfork_child(void);

#endif
