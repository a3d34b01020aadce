/* Environments: what a guest sees of ours, and what its programs get. */
#ifndef BOXER_ENVIRONMENT_H
#define BOXER_ENVIRONMENT_H

#include "monitor.h"

/* How an environment has to be changed for a program; `variables` of it are needed for completed_size(). */
struct completion {
  size_t variables;
  const char *preload; /* its LD_PRELOAD that has to be replaced, NULL: none */
  bool monitored;      /* the program can load us */
  bool add_preload;
  bool add_socket;
  bool add_remap;
  bool add_filter;
};

/* False: it may go on as it is (or we know nothing to add). */
bool examine_environment(char *const *environment, bool monitored, struct completion *found);
/* Bytes that complete_environment() writes. */
size_t completed_size(const struct completion *found);
void complete_environment(char *const *environment, const struct completion *found, char **to);

/* Takes our variables out of what the guest sees. Called once, when the process starts. */
void environment_hide(void);
/* libc starts programs of its own with `environ`: our variables are in it between these two. */
void environment_lend(void);
void environment_return(void);

#endif
