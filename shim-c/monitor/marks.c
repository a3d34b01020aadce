/*
 * What we remember about descriptors. libc closes some behind our back (fclose), so a mark carries its socket's inode and
 * counts only while the descriptor still is that socket.
 */
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "monitor.h"
#include "permitted.h"

/* Descriptors beyond are not tracked: they lose the overlay view of a bound address and hints, never data. */
#define TRACKED 65536

/* An entry: marks in 8 bits, a port in 16, and what is left of the inode. */
#define PORT_SHIFT 8
#define INODE_SHIFT 24
#define MARKS(entry) ((unsigned)((entry) & 0xff))

static _Atomic uint64_t entries[TRACKED];
static _Atomic int limit;

uint64_t socket_inode(int fd) {
  struct stat found;
  return raw(SYS_fstat, fd, &found) == 0 ? (uint64_t)found.st_ino : 0;
}

static bool tracked(int fd) { return fd >= 0 && fd < TRACKED; }

bool never_marked(int fd) { return !tracked(fd) || atomic_load_explicit(&entries[fd], memory_order_relaxed) == 0; }

int marked_limit(void) { return atomic_load_explicit(&limit, memory_order_relaxed); }

/* 0 when the descriptor is another socket by now. */
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

/* A page that the kernel empties in a fork()ed child but not in a vfork()ed one, which shares it. */
static _Atomic int *owner_page(void) {
  static _Atomic int *_Atomic page;
  _Atomic int *found = atomic_load_explicit(&page, memory_order_acquire);
  if (found) return found;
  long at = raw(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at < 0 && at > -4096) return NULL;
  if (raw(SYS_madvise, at, 4096, MADV_WIPEONFORK) == 0 &&
      atomic_compare_exchange_strong(&page, &found, (_Atomic int *)at))
    return (_Atomic int *)at;
  raw(SYS_munmap, at, 4096);
  return found;
}

bool is_vfork_child(void) {
  _Atomic int *owner = owner_page();
  if (!owner) return false;
  int process = (int)raw(SYS_getpid);
  int none = 0;
  if (atomic_compare_exchange_strong(owner, &none, process)) return false;
  return none != process;
}
