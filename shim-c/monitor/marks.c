/*
 * What we remember about descriptors. libc closes some behind our back (fclose), so a mark carries its socket's inode and
 * counts only while the descriptor still is that socket.
 */
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "monitor.h"

/* Descriptors beyond are not tracked: they lose the overlay view of a bound address and hints, never data. */
#define TRACKED 65536
#define MARK_BITS 8

static _Atomic uint64_t entries[TRACKED];
static _Atomic int limit;

uint64_t socket_inode(int fd) {
  struct stat found;
  return raw(SYS_fstat, fd, &found) == 0 ? (uint64_t)found.st_ino : 0;
}

static bool tracked(int fd) { return fd >= 0 && fd < TRACKED; }

bool never_marked(int fd) { return !tracked(fd) || atomic_load_explicit(&entries[fd], memory_order_relaxed) == 0; }

int marked_limit(void) { return atomic_load_explicit(&limit, memory_order_relaxed); }

unsigned marks_of(int fd) {
  if (never_marked(fd)) return 0;
  uint64_t entry = atomic_load_explicit(&entries[fd], memory_order_relaxed);
  if (entry >> MARK_BITS == socket_inode(fd) << MARK_BITS >> MARK_BITS) return (unsigned)(entry & ((1 << MARK_BITS) - 1));
  return 0;
}

static void store(int fd, unsigned marks) {
  uint64_t entry = marks ? socket_inode(fd) << MARK_BITS | marks : 0;
  atomic_store_explicit(&entries[fd], entry, memory_order_relaxed);
  int seen = marked_limit();
  while (marks && fd >= seen && !atomic_compare_exchange_weak(&limit, &seen, fd + 1)) continue;
}

void mark(int fd, unsigned marks) {
  if (tracked(fd) && !is_vfork_child()) store(fd, marks_of(fd) | marks);
}

void unmark(int fd, unsigned marks) {
  if (!never_marked(fd) && !is_vfork_child()) store(fd, marks_of(fd) & ~marks);
}

void marks_copy(int from, int to) {
  if (never_marked(from)) return;
  unsigned marks = marks_of(from);
  if (marks && tracked(to) && !is_vfork_child()) store(to, marks);
}

void marks_clear(int fd) {
  if (!never_marked(fd) && !is_vfork_child()) store(fd, 0);
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
