/* Reports to the supervisor what a read-only root refused. */
#ifndef BOXER_DENIED_H
#define BOXER_DENIED_H

/* A call with this path has failed; `error` is its errno value. Keeps errno. */
void note_denied(int directory, const char *path, int error);

#endif
