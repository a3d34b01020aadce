/*
 * Measures how much stack each intercepted call uses: stacks <folder> [<address> <name>]. Prints a line for
 * each call, to be compared with the native call. The stack below a call is filled with a pattern, and its
 * deepest change is looked up afterwards. Then the same calls run on small stacks: in a handler on an
 * alternate stack, and in a thread with a stack of PTHREAD_STACK_MIN.
 */
#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include "calls.h"

#define PAINTED 49152
#define PAINT 0xa5
#define OWN 160 /* the painter's own frame, and what it calls by */

__attribute__((noinline)) static long measured(call *called) {
  volatile unsigned char *here = __builtin_frame_address(0);
  for (volatile unsigned char *at = here - PAINTED; at < here - OWN; at++) *at = PAINT;
  called(values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);
  volatile unsigned char *at = here - PAINTED;
  while (at < here && *at == PAINT) at++;
  return (long)(here - at);
}

static call *now_called;

static void once(void) {
  now_called(values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);
}

static void handler(int signal) {
  (void)signal;
  once();
}

static void *thread(void *nothing) {
  once();
  return nothing;
}

/* Allocates a stack with an inaccessible page below it. */
static void *small_stack(size_t size) {
  char *at = mmap(NULL, size + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(at + 4096, size, PROT_READ | PROT_WRITE);
  return at + 4096;
}

static void on_small_stacks(size_t alternate) {
  stack_t stack = {.ss_sp = small_stack(alternate), .ss_size = alternate};
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  sigaltstack(&stack, NULL);
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}

static void in_small_thread(void) {
  pthread_attr_t attributes;
  pthread_t started;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, small_stack(16384), 16384);
  CHECK(pthread_create(&started, &attributes, thread, NULL) == 0);
  pthread_join(started, NULL);
}

/* Runs the call in a separate process, which may crash. Returns "fits" or "crashes". */
static const char *fits(void (*run)(const struct spec *), const struct spec *spec) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    run(spec);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? "fits" : "crashes";
}

static void run_in_handler(const struct spec *spec) {
  prepare(spec);
  on_small_stacks(8192);
}

static void run_in_thread(const struct spec *spec) {
  prepare(spec);
  in_small_thread();
}

static void run_measured(const struct spec *spec) {
  /* Makes the call once before, because libc does more at the first call. */
  prepare(spec);
  once();
  finish(spec);
  prepare(spec);
  printf("%s %ld", spec->name, measured(now_called));
  fflush(stdout);
}

int main(int count, char **arguments) {
  set_up(count, arguments);
  for (const struct spec *spec = specs; spec < specs + sizeof specs / sizeof *specs; spec++) {
    now_called = function(spec->name);
    if (!now_called) continue;
    if (strcmp(fits(run_measured, spec), "fits") != 0) printf("%s died", spec->name);
    printf(" %s", fits(run_in_handler, spec));
    printf(" %s\n", fits(run_in_thread, spec));
  }
  return failures > 0;
}
