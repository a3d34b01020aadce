/* system() and its kin: libc starts the shell with `environ`, which the monitor completes for that time. */
#include <stdio.h>

#include "environment.h"
#include "libc.h"
#include "monitor.h"

EXPORT int system(const char *command) {
  int (*real)(const char *) = LIBC(int (*)(const char *), system);
  if (!real) return fail(ENOSYS);
  environment_lend();
  int status = real(command);
  environment_return();
  return status;
}

static FILE *on_popen(const char *command, const char *mode) {
  FILE *(*real)(const char *, const char *) = LIBC(FILE * (*)(const char *, const char *), popen);
  if (!real) return NULL;
  environment_lend();
  FILE *stream = real(command, mode);
  environment_return();
  return stream;
}

EXPORT FILE *popen(const char *command, const char *mode) { return on_popen(command, mode); }
FILE *_IO_popen(const char *command, const char *mode);
EXPORT FILE *_IO_popen(const char *command, const char *mode) { return on_popen(command, mode); }

int wordexp(const char *words, void *result, int flags);
EXPORT int wordexp(const char *words, void *result, int flags) {
  int (*real)(const char *, void *, int) = LIBC(int (*)(const char *, void *, int), wordexp);
  if (!real) return 5; /* WRDE_SYNTAX */
  environment_lend();
  int error = real(words, result, flags);
  environment_return();
  return error;
}
