#include "monitor.h"

extern int *__errno_location(void);

int fail(int error) {
  *__errno_location() = error;
  return -1;
}

int last_error(void) { return *__errno_location(); }

long returned(long result) {
  if (result < 0 && result > -4096) return fail((int)-result);
  return result;
}
