// /opt/boxer/bin/boxer. It is linked statically, and does not need the image's shell, libc or dynamic loader.
#ifndef BOXER_LAUNCHER_H
#define BOXER_LAUNCHER_H

#include <stdbool.h>

// The test of the launcher starts a program of its own in place of Node.js.
#ifndef NODE
#define NODE "/opt/boxer/bin/node"
#endif
#define MONITOR "/opt/boxer/lib/beside-libasan.so/libboxer.so"
// The configuration that the rewrite puts into the container's environment.
#define CONFIGURATION "BOXER="

bool begins_with(const char *text, const char *prefix);

// environment.c. These return NULL if there is not enough memory.

// The environment of the supervisor: each of the container's variables under another name, and its own ones.
// `more` ends with NULL; its variables are added.
char **supervisor_environment(char **container, char *const *more);
// The environment of the guest: the container's variables, with the process monitor preloaded. `remap` is the
// value of BOXER_REMAP.
char **guest_environment(char **container, const char *socket_name, const char *remap);

// program.c

// The path of the program that execvp() would start with this PATH, if the process monitor can be preloaded
// into it; NULL otherwise. The caller frees the path.
char *monitored_program(const char *name, const char *path);

// running.c

// `boxer running`. Returns the exit code.
int wait_until_running(void);

// init.c

// `boxer node -- COMMAND...`: starts the command at once and the supervisor beside it, and returns the exit
// code of the container. Returns -1, and leaves everything as it was, where only the supervisor can start it.
int run_beside(int argc, char **argv, char **environment);
// Replaces this process by the supervisor. Returns the exit code for the case that it cannot be started.
int become_supervisor(int argc, char **argv, char **environment);

#endif
