/* Strings. */
#ifndef BOXER_TEXT_H
#define BOXER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool starts_with(const char *text, const char *prefix);
/* Copies `text` with its NUL. Returns false, and writes nothing, when it does not fit. */
bool copy_text(char *to, size_t room, const char *text);

#endif
