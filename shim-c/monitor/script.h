#ifndef BOXER_SCRIPT_H
#define BOXER_SCRIPT_H

#include "place.h"

/* What the kernel looks at of a script. */
#define SCRIPT_LINE 256

struct script {
  char line[SCRIPT_LINE];
  char room[PLACE_ROOM];
  struct place place; /* of the interpreter */
  char *name;         /* which the script calls so */
  char *argument;     /* NULL: none */
};

/* True: a script whose interpreter stands in a remapped folder; its place has to be left then. */
bool read_script(const char *path, struct script *script);
/*
 * The same of what stands in `line`, of which `length` bytes were read: one less than there is room for at
 * the most.
 */
bool parse_script(struct script *script, size_t length);
/* The interpreter's arguments, as the kernel makes them: those of the script, and SCRIPT_ARGUMENTS more. */
#define SCRIPT_ARGUMENTS 3
void script_arguments(struct script *script, const char *path, char *const *arguments, char **to);

#endif
