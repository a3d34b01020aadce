/*
 * Whether the guest's memory can be read and written. The kernel is asked, by system calls that do nothing
 * else. That costs as much as open(), so pages that were found good are remembered. A page that the guest has
 * unmapped since is taken for good: without the monitor such a pointer gives EFAULT, here it may crash.
 */
#include "reading.h"

#include <linux/futex.h>
#include <stdatomic.h>

#include "monitor.h"
#include "permitted.h"

#define PAGE 4096u
#define REMEMBERED 512u

typedef bool question(uintptr_t at);
/* Each entry is a page's number plus one; zero means none. */
typedef _Atomic uintptr_t pages[REMEMBERED];

static pages read_before;
static pages written_before;

/*
 * A change of the signal mask with an invalid mode: the kernel reads the mask, then refuses. It reads eight
 * bytes of this page and of no other. It would take address zero for no mask.
 */
static bool kernel_reads(uintptr_t at) {
  return raw(SYS_rt_sigprocmask, -1, at < 8 ? 8 : at & ~(uintptr_t)7, 0, 8) != -EFAULT;
}

/* A futex operation that adds no bits to the word and wakes nobody. */
static bool kernel_writes(uintptr_t at) {
  static uint32_t nobody_waits;
  return raw(SYS_futex, &nobody_waits, FUTEX_WAKE_OP_PRIVATE, 0, 0, at & ~(uintptr_t)3,
             FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_LT, 0)) != -EFAULT;
}

static bool is_good(pages remembered, const char *at, question *ask) {
  uintptr_t page = (uintptr_t)at / PAGE;
  _Atomic uintptr_t *known = &remembered[(page ^ page >> 9) % REMEMBERED];
  if (__builtin_expect(atomic_load_explicit(known, memory_order_relaxed) == page + 1, 1)) return true;
  /* Under a filter that forbids to look, every pointer is believed. */
  if (!may_look()) return true;
  if (!ask((uintptr_t)at)) return false;
  atomic_store_explicit(known, page + 1, memory_order_relaxed);
  return true;
}

static bool are_good(pages remembered, const char *at, size_t size, question *ask) {
  const char *last = at + (size > 0 ? size - 1 : 0);
  if (last < at) return false;
  for (;;) {
    if (!is_good(remembered, at, ask)) return false;
    if ((uintptr_t)at / PAGE == (uintptr_t)last / PAGE) return true;
    at += PAGE;
    if (at > last) at = last;
  }
}

bool can_read(const void *pointer, size_t size) { return are_good(read_before, pointer, size, kernel_reads); }
bool can_write(const void *pointer, size_t size) {
  return are_good(written_before, pointer, size, kernel_writes);
}

size_t text_length(const char *text, size_t limit) {
  for (size_t length = 0; length < limit; length++) {
    bool new_page = length == 0 || (uintptr_t)(text + length) % PAGE == 0;
    if (new_page && !is_good(read_before, text + length, kernel_reads)) return UNREADABLE;
    if (!text[length]) return length;
  }
  return limit;
}

bool can_read_int(const void *pointer) { return pointer && can_read(pointer, sizeof(int)); }

/*
 * The distance above the monitor's own frame within which an address is on the caller's stack. Most addresses
 * are, and need no check.
 */
#define ON_STACK 16384

bool on_callers_stack(const void *pointer) {
  return (uintptr_t)pointer - (uintptr_t)__builtin_frame_address(0) < ON_STACK;
}
