/* What a seccomp filter says to a system call. */
#ifndef BOXER_BPF_H
#define BOXER_BPF_H

#include <linux/filter.h>
#include <stdbool.h>

struct call {
  int number;
  unsigned long arguments[6];
};

/* `filter` is one that the kernel has taken: it ends, and stays within its bounds. */
bool filter_allows(const struct sock_fprog *filter, const struct call *call);

#endif
