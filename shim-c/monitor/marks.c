/*
 * What the monitor remembers about descriptors. libc closes some without calling the monitor (fclose), so a
 * mark carries its socket's inode and counts only while the descriptor still is that socket.
 */
#include "marks.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "permitted.h"
#include "socket.h"
#include "vfork.h"

/* Higher descriptors are not tracked: they lose the overlay view of a bound address and hints, never data. */
#define TRACKED 65536

/* An entry has the marks in 8 bits, a port in 16, and the inode's low bits in the rest. */
#define PORT_SHIFT 8
#define INODE_SHIFT 24
#define MARKS(entry) ((unsigned)(uint8_t)(entry))

static _Atomic uint64_t entries[TRACKED];
static _Atomic int limit;

static bool tracked(int fd) { return fd >= 0 && fd < TRACKED; }

bool never_marked(int fd) {
  return !tracked(fd) || atomic_load_explicit(&entries[fd], memory_order_relaxed) == 0;
}

int marked_limit(void) { return atomic_load_explicit(&limit, memory_order_relaxed); }

/* Returns 0 when the descriptor has become another socket. */
static uint64_t entry_of(int fd) {
  if (never_marked(fd)) return 0;
  uint64_t entry = atomic_load_explicit(&entries[fd], memory_order_relaxed);
  return entry >> INODE_SHIFT == socket_inode(fd) << INODE_SHIFT >> INODE_SHIFT ? entry : 0;
}

unsigned marks_of(int fd) { return may_look() ? MARKS(entry_of(fd)) : 0; }

uint16_t marked_port(int fd) { return (uint16_t)(entry_of(fd) >> PORT_SHIFT); }

static void store(int fd, unsigned marks, uint16_t port) {
  uint64_t entry = marks ? socket_inode(fd) << INODE_SHIFT | (uint64_t)port << PORT_SHIFT | marks : 0;
  atomic_store_explicit(&entries[fd], entry, memory_order_relaxed);
  int seen = marked_limit();
  while (marks && fd >= seen && !atomic_compare_exchange_weak(&limit, &seen, fd + 1)) continue;
}

void mark(int fd, unsigned marks) {
  if (tracked(fd) && may_look() && !is_vfork_child()) store(fd, marks_of(fd) | marks, marked_port(fd));
}

void mark_port(int fd, unsigned marks, uint16_t port) {
  if (tracked(fd) && may_look() && !is_vfork_child()) store(fd, marks_of(fd) | marks, port);
}

void marks_copy(int from, int to) {
  if (never_marked(from)) return;
  unsigned marks = marks_of(from);
  if (marks && tracked(to) && !is_vfork_child()) store(to, marks, marked_port(from));
}

void marks_clear(int fd) {
  if (!never_marked(fd) && may_look() && !is_vfork_child()) store(fd, 0, 0);
}
