/* What this libc makes of names. */
#ifndef BOXER_GETADDRINFO_H
#define BOXER_GETADDRINFO_H

#include <stdbool.h>

/* Whether this libc distinguishes a name without a fitting address from a name that does not exist. */
bool knows_no_data(void);

#endif
