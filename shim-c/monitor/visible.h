/* The working directory as the guest knows it. */
#ifndef BOXER_VISIBLE_H
#define BOXER_VISIBLE_H

#include <stddef.h>

/* As the system call: returns the length with its NUL, or -1 and errno. */
long on_getcwd(char *to, size_t size);

#endif
