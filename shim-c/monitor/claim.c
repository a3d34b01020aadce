/*
 * Memory for the few calls that a stack has no room for: long paths, environments that have to be completed.
 * Each claim is a mapping of its own, so threads never wait for each other. Each claim's owner is recorded,
 * since some claims are never given back: by a vfork()ed child that has become another program, a signal
 * handler that jumped out, a thread that was cancelled in open(). The next claim of the same thread
 * recognizes such memory by its place on the stack, and gives it back.
 */
#include "claim.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "monitor.h"

#define CLAIMS 64 /* a claim that is not recorded may be lost, but does no other harm */
#define BUSY ((uintptr_t)1)

static struct entry {
  _Atomic uintptr_t owner; /* the thread's pointer, which a vfork()ed child shares; 0: nobody */
  const char *place;       /* on the stack, in the frame that will give it back */
  struct claimed *memory;
} entries[CLAIMS];

/* Precedes the memory that is given out, and keeps it aligned for any type. */
struct claimed {
  _Alignas(16) size_t size;
};

static uintptr_t this_thread(void) {
  uintptr_t pointer;
#if defined(__x86_64__)
  __asm__ volatile("mov %%fs:0, %0" : "=r"(pointer));
#else
  __asm__ volatile("mrs %0, tpidr_el0" : "=r"(pointer));
#endif
  return pointer;
}

/* The order of a signal handler's alternate stack and of the interrupted stack is unknown. */
static bool on_signal_stack(void) {
  stack_t stack = {0};
  return raw(SYS_sigaltstack, 0, &stack) < 0 || stack.ss_flags & SS_ONSTACK;
}

static bool take(struct entry *entry, uintptr_t owner) {
  return atomic_compare_exchange_strong(&entry->owner, &owner, BUSY);
}

static void unmap(struct claimed *memory) { raw(SYS_munmap, memory, memory->size); }

static void forget(struct entry *entry) {
  unmap(entry->memory);
  atomic_store(&entry->owner, 0);
}

/* Frames above `here` on the stack are in use; frames below have been left. */
static void collect(uintptr_t thread, const char *here) {
  for (struct entry *entry = entries; entry < entries + CLAIMS; entry++)
    if (atomic_load_explicit(&entry->owner, memory_order_relaxed) == thread && entry->place < here &&
        !on_signal_stack() && take(entry, thread))
      forget(entry);
}

static void write_down(struct claimed *memory, uintptr_t thread, const char *place) {
  for (struct entry *entry = entries; entry < entries + CLAIMS; entry++) {
    if (atomic_load_explicit(&entry->owner, memory_order_relaxed) != 0 || !take(entry, 0)) continue;
    entry->place = place;
    entry->memory = memory;
    atomic_store(&entry->owner, thread);
    return;
  }
}

__attribute__((noinline)) void *claim(size_t size, const void *place) {
  uintptr_t thread = this_thread();
  collect(thread, __builtin_frame_address(0));
  size += sizeof(struct claimed);
  long at = raw(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at < 0 && at > -4096) return NULL;
  struct claimed *memory = (struct claimed *)at;
  memory->size = size;
  write_down(memory, thread, place);
  return memory + 1;
}

void unclaim(void *claimed) {
  if (!claimed) return;
  struct claimed *memory = (struct claimed *)claimed - 1;
  uintptr_t thread = this_thread();
  for (struct entry *entry = entries; entry < entries + CLAIMS; entry++)
    if (atomic_load_explicit(&entry->owner, memory_order_relaxed) == thread && entry->memory == memory &&
        take(entry, thread)) {
      forget(entry);
      return;
    }
  unmap(memory);
}
