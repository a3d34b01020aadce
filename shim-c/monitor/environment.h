/* Environments: what the guest sees of the monitor's variables, and what the programs that it starts get. */
#ifndef BOXER_ENVIRONMENT_H
#define BOXER_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How an environment has to be changed for a program; its first `variables` entries count for
 * completed_size().
 */
struct completion {
  size_t variables;
  const char *preload; /* the environment's LD_PRELOAD that has to be replaced, NULL: none */
  bool monitored;      /* the program can load the monitor */
  bool add_preload;
  bool add_socket;
  bool add_remap;
  bool add_filter;
};

/* False: the environment can be passed on as it is, or the monitor has nothing to add. */
bool examine_environment(char *const *environment, bool monitored, struct completion *found);
/* The number of bytes that complete_environment() writes. */
size_t completed_size(const struct completion *found);
void complete_environment(char *const *environment, const struct completion *found, char **to);

/* Removes the monitor's variables from what the guest sees. Called once, when the process starts. */
void environment_hide(void);
/*
 * libc starts programs of its own with `environ`: the monitor's variables are in it between these two calls.
 */
void environment_lend(void);
void environment_return(void);

#endif
