/* Memory for what is too large for a stack. */
#ifndef BOXER_CLAIM_H
#define BOXER_CLAIM_H

#include <stddef.h>

/* Identifies the claiming function's frame. */
#define HERE __builtin_frame_address(0)

/*
 * Returns zeroed memory, or NULL (errno untouched) when there is none. `place` is HERE or any variable of the
 * function that gives the memory back: by it the next claim recognizes that this function was left without
 * doing so.
 */
void *claim(size_t size, const void *place);
void unclaim(void *memory);

#endif
