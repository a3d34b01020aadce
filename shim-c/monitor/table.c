/*
 * The node's shared table is mapped at the first call that needs it. Where there is no supervisor, the next
 * call tries again.
 */
#include "table.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "claim.h"
#include "config.h"
#include "descriptor-thread.h"
#include "monitor.h"
#include "request.h"
#include "signals.h"
#include "supervisor-table.h"

#define SIZE (BOXER_TABLE_COPIES * sizeof(struct boxer_table))

/* A shorter file would kill the guest with SIGBUS. */
static bool is_whole(int fd) {
  struct stat found;
  return raw(SYS_fstat, fd, &found) == 0 && found.st_size >= (off_t)SIZE;
}

static const struct boxer_table *map(int fd) {
  if (!is_whole(fd)) return NULL;
  long at = raw(SYS_mmap, 0, SIZE, PROT_READ, MAP_SHARED, fd, 0);
  if (at < 0 && at > -4096) return NULL;
  const struct boxer_table *fresh = (const void *)at;
  const struct boxer_table *other = NULL;
  if (fresh->magic == BOXER_TABLE_MAGIC && !(other = other_mapping(fresh))) return fresh;
  raw(SYS_munmap, at, SIZE);
  return other;
}

struct fetched {
  const struct boxer_table *table;
  int error;
};

static void fetch(void *data) {
  struct fetched *fetched = data;
  struct question *question = claim(sizeof *question, HERE);
  int fd;
  if (!question) return;
  question->request.operation = BOXER_TABLE;
  fetched->error = service_request(&question->request, &question->reply, &fd, PROMPT, NULL);
  if (!fetched->error && fd >= 0) {
    if (question->reply.error == 0) fetched->table = map(fd);
    raw(SYS_close, fd);
  }
  unclaim(question);
}

/* The caller may be deep in a call, on a small stack. */
__attribute__((noinline)) static const struct boxer_table *ask_for_table(void) {
  struct fetched fetched = {0};
  signal_mask old;
  signals_block(&old);
  fetch(&fetched);
  if (fetched.error == EMFILE) run_with_own_descriptors(fetch, &fetched);
  signals_restore(&old);
  return fetched.table;
}

/* The question needs more of the stack than a call with paths has left, so another thread asks it. */
void await_table(void) {
  struct fetched fetched = {0};
  if (mapped_table() || !network_config()) return;
  signal_mask old;
  signals_block(&old);
  run_with_own_descriptors(fetch, &fetched);
  signals_restore(&old);
}

static const struct boxer_table *both_copies(void) {
  const struct boxer_table *found = mapped_table();
  return __builtin_expect(found != NULL, 1) || !network_config() ? found : ask_for_table();
}

static uint32_t sequence_of(const struct boxer_table *copy) {
  return __atomic_load_n(&copy->sequence, __ATOMIC_ACQUIRE);
}

const struct boxer_table *table_begin(uint32_t *sequence) {
  const struct boxer_table *copies = both_copies();
  if (!copies) return NULL;
  const struct boxer_table *newer = copies;
  for (int attempts = TABLE_ATTEMPTS; attempts > 0; attempts--) {
    uint32_t first = sequence_of(&copies[0]);
    uint32_t second = sequence_of(&copies[1]);
    bool is_second = second % 2 == 0 && (first % 2 != 0 || (int32_t)(second - first) > 0);
    newer = &copies[is_second];
    *sequence = is_second ? second : first;
    /* A reader sees both sequences odd only when a write ended and the next one began in between. */
    if (*sequence % 2 == 0) break;
  }
  return newer;
}

const struct boxer_table *shared_table(void) {
  uint32_t sequence;
  return table_begin(&sequence);
}

uint32_t table_word(const uint8_t field[4]) {
  return __atomic_load_n((const uint32_t *)(const void *)field, __ATOMIC_RELAXED);
}

bool table_changed(const struct boxer_table *table, uint32_t sequence) {
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return __atomic_load_n(&table->sequence, __ATOMIC_RELAXED) != sequence;
}
