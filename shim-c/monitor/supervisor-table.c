/* Which mapping of the shared table is in use. */
#include "supervisor-table.h"

#include <stdatomic.h>
#include <stddef.h>

/* Both copies. */
static const struct boxer_table *_Atomic mapped;
static _Atomic int supervisor;

/* The old mapping stays mapped: other threads may be reading it, and a new supervisor is rare. */
void note_supervisor(int process) {
  int known = atomic_load_explicit(&supervisor, memory_order_relaxed);
  if (__builtin_expect(known == process, 1)) return;
  atomic_store_explicit(&supervisor, process, memory_order_relaxed);
  if (known) atomic_store_explicit(&mapped, NULL, memory_order_release);
}

const struct boxer_table *mapped_table(void) { return atomic_load_explicit(&mapped, memory_order_acquire); }

const struct boxer_table *other_mapping(const struct boxer_table *fresh) {
  const struct boxer_table *other = NULL;
  atomic_compare_exchange_strong(&mapped, &other, fresh);
  return other;
}
