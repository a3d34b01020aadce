/* Which programs' loaders will load us. */
#ifndef BOXER_TARGET_H
#define BOXER_TARGET_H

#include "monitor.h"

/* Whether our entry may stay in LD_PRELOAD for the program at `path`, which may be relative to an open directory (or AT_FDCWD). */
bool takes_us(int directory, const char *path);
/* The same of what execvp() finds by this name. */
bool found_takes_us(const char *file);
/* The same of an open file. */
bool file_takes_us(int fd);

#endif
