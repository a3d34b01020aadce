/* The memory functions that the monitor uses, and that the compiler may call for plain assignments. */
#ifndef BOXER_BYTES_H
#define BOXER_BYTES_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);

#endif
