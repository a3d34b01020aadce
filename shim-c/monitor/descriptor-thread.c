/* A thread with a descriptor table of its own, for guests that have no free descriptor. */
#include "descriptor-thread.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "monitor.h"

#define STACK 16384

struct task {
  void (*work)(void *);
  void *data;
  _Atomic int running; /* the kernel clears it and wakes the waiter when the thread has ended */
};

/* Room for two descriptors beside the standard ones. */
#define CLOSED 5

static void begin(struct task *task) {
  for (int fd = 0; fd < CLOSED; fd++) raw(SYS_close, fd);
  task->work(task->data);
}

/* clone() returns twice, the second time on another stack: nothing of the first one may be in use then. */
#if defined(__x86_64__)
static long start(long flags, char *top, struct task *task) {
  long result;
  register _Atomic int *child __asm__("r10") = &task->running;
  register long none __asm__("r8") = 0;
  register struct task *kept __asm__("r12") = task;
  register void (*entry)(struct task *) __asm__("r13") = begin;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r12, %%rdi\n\t"
      "call *%%r13\n\t"
      "xor %%edi, %%edi\n\t"
      "mov %[exit], %%eax\n\t"
      "syscall\n\t"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone), "D"(flags), "S"(top), "d"(0L), "r"(child), "r"(none), "r"(kept),
        "r"(entry), [exit] "i"(SYS_exit)
      : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
static long start(long flags, char *top, struct task *task) {
  register long number __asm__("x8") = SYS_clone;
  register long x0 __asm__("x0") = flags;
  register char *x1 __asm__("x1") = top;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register _Atomic int *x4 __asm__("x4") = &task->running;
  register struct task *kept __asm__("x19") = task;
  register void (*entry)(struct task *) __asm__("x20") = begin;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x0, x19\n\t"
      "blr x20\n\t"
      "mov x0, xzr\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "1:"
      : "+r"(x0)
      : "r"(number), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(kept), "r"(entry), [exit] "i"(SYS_exit)
      : "memory");
  return x0;
}
#endif

bool run_with_own_descriptors(void (*work)(void *), void *data) {
  long stack = raw(SYS_mmap, 0, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack < 0 && stack > -4096) return false;
  struct task task = {.work = work, .data = data, .running = 1};
  /* Without CLONE_FILES: the table is a copy. */
  long flags = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
  long thread = start(flags, (char *)stack + STACK, &task);
  while (thread > 0 && atomic_load_explicit(&task.running, memory_order_acquire))
    raw(SYS_futex, &task.running, FUTEX_WAIT, 1, 0, 0, 0);
  raw(SYS_munmap, stack, STACK);
  return thread > 0;
}
