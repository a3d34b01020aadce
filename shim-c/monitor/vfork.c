/* Recognizes a vfork()ed child by a page of memory that only a fork()ed one finds empty. */
#include "vfork.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "monitor.h"

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
