/* What the monitor does when the process starts, before the guest's own constructors. */
#include "environment.h"

__attribute__((constructor)) static void start(void) { environment_hide(); }
