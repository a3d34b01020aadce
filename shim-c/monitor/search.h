/* Programs that are looked for along PATH. */
#ifndef BOXER_SEARCH_H
#define BOXER_SEARCH_H

#include "place.h"

/*
 * Finds where execvp() would find `file` when that is in a remapped folder, else `file` itself. Otherwise as
 * find_place().
 */
bool search_place(const char *file, struct place *place);

#endif
