/*
 * A guest with a seccomp filter of its own may be killed for a system call that it did not make itself. Where
 * its filter refuses what the monitor needs, intercepted calls are passed on without any other system call.
 */
#ifndef BOXER_PERMITTED_H
#define BOXER_PERMITTED_H

#include <stdbool.h>

/* Whether sockets may be looked at: their names, options and inodes. */
bool may_look(void);
/* Whether requests and hints may be sent to the supervisor. */
bool may_ask(void);
/* Whether the files of programs that are about to start may be read. */
bool may_read(void);

enum permission { ASKING = 1, LOOKING = 2, READING = 4, EVERYTHING = 7 };
/* Withdraws permissions for good: filters can be added, and none can be removed. */
void refuse(int permissions);

/*
 * Programs that a program starts inherit its filter. BOXER_FILTERED tells them: its digit, and the variable
 * to pass on (NULL: none).
 */
void filter_inherited(char what);
const char *filter_setting(void);

#endif
