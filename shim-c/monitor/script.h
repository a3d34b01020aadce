#ifndef BOXER_SCRIPT_H
#define BOXER_SCRIPT_H

#include "place.h"

/* The number of bytes that the kernel reads of a script. */
#define SCRIPT_LINE 256

struct script {
  char line[SCRIPT_LINE];
  char room[PLACE_ROOM];
  struct place place; /* of the interpreter */
  char *name;         /* the path in the script */
  char *argument;     /* NULL: none */
};

/* True: the file is a script whose interpreter is in a remapped folder. Its place has to be left then. */
bool read_script(const char *path, struct script *script);
/* The same for a script whose first `length` bytes are in `line`: at most one less than there is room for. */
bool parse_script(struct script *script, size_t length);
/* The interpreter's arguments, as the kernel makes them: those of the script, and SCRIPT_ARGUMENTS more. */
#define SCRIPT_ARGUMENTS 3
void script_arguments(struct script *script, const char *path, char *const *arguments, char **to);

#endif
