/* Which mapping of the shared table is in use. A new supervisor has a new table. */
#ifndef BOXER_SUPERVISOR_TABLE_H
#define BOXER_SUPERVISOR_TABLE_H

#include <stdbool.h>

#include "../service-wire.h"

/*
 * The monitor has just spoken to this process. Forgets the mapping when it came from another supervisor,
 * which is dead then.
 */
void note_supervisor(int process);
/* The mapping (both copies), NULL when there is none. */
const struct boxer_table *mapped_table(void);
/*
 * Makes `fresh` the mapping unless another thread was first. Returns NULL when `fresh` is in use, else the
 * other thread's.
 */
const struct boxer_table *other_mapping(const struct boxer_table *fresh);

#endif
