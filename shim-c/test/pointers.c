/*
 * Wrong pointers in every intercepted call: pointers <folder> [<address> <name>]. Prints how each call fares
 * with each of its pointers replaced by one that cannot be followed. Natively the kernel says EFAULT, or libc
 * crashes: then anything is right.
 */
#include <signal.h>
#include <sys/resource.h>

#include "calls.h"

#define PAGE 4096

static char *pages;

/* Makes three pages: the first is writable, the second is read-only, and the third is not accessible. */
static void make_pages(void) {
  pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, '/', 2 * PAGE);
  mprotect(pages + PAGE, PAGE, PROT_READ);
  mprotect(pages + 2 * PAGE, PAGE, PROT_NONE);
}

static const struct bad {
  const char *name;
  long place; /* in the pages, or an address */
} bad[] = {
    {"one", 1},
    {"minus one", -1},
    {"no access", 2 * PAGE},
    {"cut off", 2 * PAGE - 5},
    {"read only", PAGE + 64},
};

static long address_of(const struct bad *pointer) {
  return pointer->place > 1 ? (long)pages + pointer->place : pointer->place;
}

static bool is_pointer(char letter) { return strchr("pnrtwbaRmMhvexgcASi", letter) != NULL; }

/* Calls that query a name server take time. Their pointers are followed by libc and not by the monitor. */
static bool asks_dns(const char *name) { return strstr(name, "res_") != NULL; }

/* Makes the call in a separate process, which may crash. */
static void try(const struct spec *spec, int at, const struct bad *pointer) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    prepare(spec);
    values[at] = address_of(pointer);
    errno = 0;
    call *called = function(spec->name);
    long result =
        called(values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);
    if ((int)result == -1 || (result == 0 && errno))
      printf("%s %d %s: %s\n", spec->name, at, pointer->name, strerror(errno));
    else
      printf("%s %d %s: %s\n", spec->name, at, pointer->name,
             strncmp(spec->name, "posix_spawn", 11) == 0 ? strerror((int)result) : "succeeds");
    fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) printf("%s %d %s: crashes\n", spec->name, at, pointer->name);
}

int main(int count, char **arguments) {
  struct rlimit no_core = {0};
  setrlimit(RLIMIT_CORE, &no_core);
  set_up(count, arguments);
  make_pages();
  for (const struct spec *spec = specs; spec < specs + sizeof specs / sizeof *specs; spec++)
    for (int at = 0; spec->arguments[at] && function(spec->name) && !asks_dns(spec->name); at++)
      for (size_t i = 0; is_pointer(spec->arguments[at]) && i < sizeof bad / sizeof *bad; i++)
        try(spec, at, &bad[i]);
  return failures > 0;
}
