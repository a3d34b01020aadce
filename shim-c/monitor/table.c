/* The node's shared table: mapped at the first call that needs it, and again tried at the next one that finds no supervisor. */
#include "table.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const struct boxer_table *_Atomic mapped;
static _Atomic int supervisor;

/* A shorter file would kill the guest with SIGBUS. */
static bool is_whole(int fd) {
  struct stat found;
  return raw(SYS_fstat, fd, &found) == 0 && found.st_size >= (off_t)sizeof(struct boxer_table);
}

static const struct boxer_table *map(int fd) {
  if (!is_whole(fd)) return NULL;
  long at = raw(SYS_mmap, 0, sizeof(struct boxer_table), PROT_READ, MAP_SHARED, fd, 0);
  if (at < 0 && at > -4096) return NULL;
  const struct boxer_table *fresh = (const void *)at;
  const struct boxer_table *winner = NULL;
  if (fresh->magic == BOXER_TABLE_MAGIC && atomic_compare_exchange_strong(&mapped, &winner, fresh)) return fresh;
  raw(SYS_munmap, at, sizeof(struct boxer_table));
  return winner;
}

/* The old mapping stays: other threads may be reading it, and a supervisor that comes back is rare. */
void note_supervisor(int process) {
  int known = atomic_load_explicit(&supervisor, memory_order_relaxed);
  if (__builtin_expect(known == process, 1)) return;
  atomic_store_explicit(&supervisor, process, memory_order_relaxed);
  if (known) atomic_store_explicit(&mapped, NULL, memory_order_release);
}

const struct boxer_table *shared_table(void) {
  const struct boxer_table *found = atomic_load_explicit(&mapped, memory_order_acquire);
  if (__builtin_expect(found != NULL, 1) || !network_config()) return found;
  struct boxer_request request = {.operation = BOXER_TABLE};
  struct boxer_reply reply;
  signal_mask old;
  signals_block(&old);
  int fd;
  if (service_request(&request, &reply, &fd, PROMPT, NULL) == 0 && fd >= 0) {
    if (reply.error == 0) found = map(fd);
    raw(SYS_close, fd);
  }
  signals_restore(&old);
  return found;
}

uint32_t table_word(const uint8_t field[4]) {
  return __atomic_load_n((const uint32_t *)(const void *)field, __ATOMIC_RELAXED);
}

/* A writer needs microseconds; one that died half-way must not stop us, its table is bounds-checked anyway. */
uint32_t table_begin(const struct boxer_table *table) {
  uint32_t sequence = __atomic_load_n(&table->sequence, __ATOMIC_ACQUIRE);
  for (int patience = 1000; (sequence & 1) && patience > 0; patience--) {
    raw(SYS_sched_yield);
    sequence = __atomic_load_n(&table->sequence, __ATOMIC_ACQUIRE);
  }
  return sequence;
}

bool table_changed(const struct boxer_table *table, uint32_t sequence) {
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return __atomic_load_n(&table->sequence, __ATOMIC_RELAXED) != sequence;
}
