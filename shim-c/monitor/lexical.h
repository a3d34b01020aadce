/* Paths as texts. */
#ifndef BOXER_LEXICAL_H
#define BOXER_LEXICAL_H

/*
 * Removes "." and ".." by the text alone, without asking the file system. `to` may be `path` itself, and
 * needs room for two bytes more than the path has.
 */
void lexical_path(const char *path, char *to);

#endif
