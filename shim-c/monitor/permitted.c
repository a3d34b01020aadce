#include "permitted.h"

#include <stdatomic.h>
#include <stddef.h>

static _Atomic int refused;

static bool may(int what) {
  return __builtin_expect(!(atomic_load_explicit(&refused, memory_order_relaxed) & what), 1);
}

bool may_look(void) { return may(LOOKING); }
bool may_ask(void) { return may(ASKING); }
bool may_read(void) { return may(READING); }

void refuse(int permissions) { atomic_fetch_or(&refused, permissions); }

void filter_inherited(char what) { refuse((what - '0') & EVERYTHING); }

const char *filter_setting(void) {
  static char setting[] = "BOXER_FILTERED=?";
  int what = atomic_load_explicit(&refused, memory_order_relaxed);
  setting[sizeof setting - 2] = (char)('0' + what);
  return what ? setting : NULL;
}
