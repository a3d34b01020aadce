/*
 * The monitor's state under the thread sanitizer: marks, remembered names, and the mapping of the table. The
 * modules are linked into this program, because the sanitizer's runtime cannot be preloaded with the library.
 * What the sanitizer cannot see is checked by reading: names are complete, and a table that pwrite() changes
 * (as the supervisor does) is never read half-changed.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "../monitor/config.h"
#include "../monitor/known-names.h"
#include "../monitor/marks.h"
#include "../monitor/monitor.h"
#include "../monitor/nodes.h"
#include "../monitor/request.h"
#include "../monitor/signals.h"
#include "../monitor/supervisor-table.h"
#include "../monitor/table.h"
#include "check.h"

#define THREADS 4
#define ROUNDS 20000

static int table_fd;
static _Atomic int process = 1000;
static _Atomic bool over;

/* Replaces config.c, request.c and signals.c: a supervisor that passes the table, and sometimes a new table.
 */
const struct config *network_config(void) {
  static const struct config present = {.socket_length = 1};
  return &present;
}

int service_request(struct boxer_request *request, struct boxer_reply *reply, int *passed,
                    enum patience patience, struct waiting *waiting) {
  (void)patience;
  (void)waiting;
  *reply = (struct boxer_reply){.operation = request->operation};
  note_supervisor(process);
  /* The descriptor is closed by a raw call, which the sanitizer does not see, so it must not see this call.
   */
  *passed = (int)raw(SYS_dup, table_fd);
  return 0;
}

void signals_block(signal_mask *old) { *old = 0; }
void signals_restore(const signal_mask *old) { (void)old; }

static struct boxer_endpoint endpoint(uint16_t number) {
  struct boxer_endpoint result = {.port = number};
  memset(result.address, (uint8_t)number, sizeof result.address);
  return result;
}

/* Opens and closes sockets while other threads read their marks. */
static void *marking(void *data) {
  unsigned seed = (unsigned)(uintptr_t)data;
  for (int i = 0; i < ROUNDS; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int copy = fcntl(fd, F_DUPFD, 100 + (int)(seed = seed * 1103515245 + 12345) % 8);
    mark_port(fd, MARK_SHADOWED, (uint16_t)i);
    mark(fd, MARK_LISTENING);
    if (copy >= 0) marks_copy(fd, copy);
    unsigned found = marks_of(fd);
    /* Only this thread uses this socket, so no other thread changes its marks. */
    if (found != (MARK_SHADOWED | MARK_LISTENING) || marked_port(fd) != (uint16_t)i) over = true;
    for (int other = 0; other < marked_limit() && other < 120; other++)
      (void)(never_marked(other) || marks_of(other));
    marks_clear(fd);
    close(fd);
    if (copy >= 0) close(copy);
  }
  return NULL;
}

static void *naming(void *data) {
  (void)data;
  for (int i = 1; i < 10 * ROUNDS; i++) {
    uint64_t inode = 1 + (uint64_t)i % 3 * 4096; /* one slot */
    struct boxer_endpoint names = endpoint((uint16_t)(i | 1));
    struct boxer_endpoint local, peer;
    if (i % 7 == 0) forget_names(inode);
    remember_names(inode, &names, &names);
    /* The names are complete, to whichever thread's socket they belong. */
    if (known_names(inode, &local, &peer) && memcmp(&local, &peer, sizeof local) != 0) over = true;
  }
  return NULL;
}

static bool put(uint32_t round, const void *bytes, size_t size, size_t offset) {
  return pwrite(table_fd, bytes, size,
                (off_t)(round % BOXER_TABLE_COPIES * sizeof(struct boxer_table) + offset)) == (ssize_t)size;
}

static bool put_sequence(uint32_t round, uint32_t sequence) {
  return put(round, &sequence, sizeof sequence, offsetof(struct boxer_table, sequence));
}

/* Begins change number `round` as the supervisor does: all nodes get the same address, which changes each
 * time. */
static bool put_nodes(uint32_t round, uint8_t direct, uint32_t count) {
  struct boxer_table header = {.magic = BOXER_TABLE_MAGIC,
                               .sequence = 2 * round + 1,
                               .overlay_base = {198, 18},
                               .overlay_mask = {255, 254},
                               .node_count = count};
  struct boxer_table_node nodes[64] = {0};
  for (uint32_t i = 0; i < count; i++) {
    nodes[i] =
        (struct boxer_table_node){.overlay = {198, 18, 0, (uint8_t)i}, .flags = BOXER_NODE_DIRECT, .id = i};
    memset(nodes[i].direct, direct, sizeof nodes[i].direct);
  }
  return put_sequence(round, 2 * round + 1) &&
         put(round, nodes, sizeof nodes, offsetof(struct boxer_table, nodes)) &&
         put(round, &header, offsetof(struct boxer_table, nodes), 0);
}

static void *writing(void *data) {
  (void)data;
  for (uint32_t round = 0; !over; round++) {
    if (!put_nodes(round, (uint8_t)(1 + round % 100), 64) || !put_sequence(round, 2 * round + 2)) break;
    if (round % 1000 == 0) process++;
  }
  return NULL;
}

static uint32_t way_to(const uint8_t address[4]) {
  uint32_t overlay, kernel = 0;
  memcpy(&overlay, address, sizeof overlay);
  return destination_of(overlay, &kernel) == DIRECT ? kernel : 0;
}

/* If a writer is interrupted, readers use the other copy until the writer has finished. */
static void half_written(void) {
  static const uint8_t node[4] = {198, 18, 0, 40};
  for (uint32_t round = 0; round < 6; round++) {
    CHECK(put_nodes(round, (uint8_t)(10 + round), 64) && put_sequence(round, 2 * round + 2));
    CHECK(way_to(node) == (10 + round) * 0x01010101u);
    CHECK(put_nodes(round + 1, 99, 0));
    CHECK(way_to(node) == (10 + round) * 0x01010101u);
  }
  /* Sequence numbers wrap around. */
  CHECK(put_nodes(0x7fffffff, 7, 64) && put_sequence(1, 0));
  CHECK(put_nodes(0, 8, 64) && put_sequence(0, 2));
  CHECK(way_to(node) == 8 * 0x01010101u);
  CHECK(put_nodes(1, 9, 64) && put_sequence(1, UINT32_MAX - 1));
  CHECK(way_to(node) == 8 * 0x01010101u);
  CHECK(put_nodes(0, 0, 0) && put_nodes(1, 0, 0) && put_sequence(0, 0) && put_sequence(1, 0));
}

static void *reading(void *data) {
  _Atomic bool *wrong = data;
  for (int i = 0; i < ROUNDS; i++) {
    static const uint8_t address[4] = {198, 18, 0, 40};
    uint32_t kernel = way_to(address);
    if (kernel == 0 || (kernel & 0xff) * 0x01010101u != kernel) *wrong = true;
    note_supervisor(process);
  }
  return NULL;
}

static void run(void *(*body)(void *), void *data) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    pthread_create(&threads[i], NULL, body, data ? data : (void *)(uintptr_t)(i + 1));
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

int main(void) {
  table_fd = memfd_create("table", MFD_CLOEXEC);
  CHECK(ftruncate(table_fd, BOXER_TABLE_COPIES * sizeof(struct boxer_table)) == 0);
  half_written();
  run(marking, NULL);
  run(naming, NULL);
  CHECK(!over);
  _Atomic bool wrong = false;
  pthread_t writer;
  pthread_create(&writer, NULL, writing, NULL);
  while (shared_table()->sequence < 4) usleep(1000);
  run(reading, &wrong);
  over = true;
  pthread_join(writer, NULL);
  CHECK(!wrong);
  return end("threads");
}
