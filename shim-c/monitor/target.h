/* Which programs' loaders can load the monitor. */
#ifndef BOXER_TARGET_H
#define BOXER_TARGET_H

#include <stdbool.h>

/*
 * Whether the monitor's entry may stay in LD_PRELOAD for the program at `path`, which may be relative to an
 * open directory (or AT_FDCWD).
 */
bool loads_monitor(int directory, const char *path);
/* The same for the program that execvp() finds by this name. */
bool found_loads_monitor(const char *file);
/* The same for an open file. */
bool file_loads_monitor(int fd);

#endif
