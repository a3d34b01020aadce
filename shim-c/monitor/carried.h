/* Marks that go with the socket itself, over exec and SCM_RIGHTS. */
#ifndef BOXER_CARRIED_H
#define BOXER_CARRIED_H

#include <stdbool.h>
#include <stdint.h>

void carry_mark(int fd, unsigned mark, uint16_t port);
/*
 * Returns the marks that a socket with the kernel address `ip` carries, and marks the descriptor with them.
 */
unsigned adopt_carried_marks(int fd, uint32_t ip);
/* Whether a value of TCP_NOTSENT_LOWAT is such a mark and not the guest's own value. */
bool is_carried(uint32_t low_water_mark);

#endif
