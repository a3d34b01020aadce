/* Objects that do not find the monitor in the usual search order. */
#ifndef BOXER_REBIND_H
#define BOXER_REBIND_H

/*
 * Returns the monitor's function of this name where `found` is the function behind it; `found` itself
 * otherwise.
 */
void *ours_before(const char *name, void *found);

/* The number of loaded objects. */
int count_objects(void);
/*
 * Redirects calls of the objects behind the first `known` ones to the monitor, where they lead to the
 * functions behind the monitor's or are not bound yet.
 */
void rebind_from(int known);

#endif
