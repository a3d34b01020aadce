/*
 * A guest with a seccomp filter of its own may be killed for a system call that it did not make itself. Where
 * its filter refuses what we need, intercepted calls are passed on with no other system call beside them.
 */
#ifndef BOXER_PERMITTED_H
#define BOXER_PERMITTED_H

#include <stdbool.h>

/* Whether sockets may be looked at: their names, options and inodes. */
bool may_look(void);
/* Whether the supervisor may be asked and told. */
bool may_ask(void);
/* Whether files may be read: of programs that are about to start. */
bool may_read(void);

enum permission { ASKING = 1, LOOKING = 2, READING = 4, EVERYTHING = 7 };
/* From now on these are refused: filters can be added, and none can be taken back. */
void refuse(int permissions);

/*
 * A filter stays with the programs that a program starts: the digit that BOXER_FILTERED says, and the
 * variable to pass on or NULL.
 */
void filter_inherited(char what);
const char *filter_setting(void);

#endif
