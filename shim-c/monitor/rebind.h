/* Objects that do not look for us where all others do. */
#ifndef BOXER_REBIND_H
#define BOXER_REBIND_H

/* Our own function of this name where `found` is what it stands in front of; `found` itself otherwise. */
void *ours_before(const char *name, void *found);

/* The number of loaded objects. */
int count_objects(void);
/*
 * Leads calls of the objects behind the first `known` ones to us where they lead to what we stand in front
 * of, or nowhere yet.
 */
void rebind_from(int known);

#endif
