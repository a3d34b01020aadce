/* Every intercepted call with its name and arguments, for the tests that make all of them. */
#ifndef BOXER_TEST_CALLS_H
#define BOXER_TEST_CALLS_H

#include <dlfcn.h>
#include <net/if.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "check.h"

typedef long call(long, long, long, long, long, long, long, long);

/*
 * The arguments of each call, one letter for each: p an existing path, n a path that does not exist, d
 * AT_FDCWD, b a buffer, z its size, a and L an address and its length, R a place for a length, s a new
 * socket, l a listener, f an open file, m a message, M several messages, h a host name, t a template, v
 * arguments, e an empty environment, x the name of a program, w a list of paths that ends with NULL, c a
 * callback, q pages that only this call uses, k a shell command, g the name of a shared-memory object, r the
 * pattern of a path, digits the number itself, "-" the number -1, _ NULL.
 */
static const struct spec {
  const char *name;
  const char *arguments;
} specs[] = {
#include "calls.def"
};

static const char *folder;
static struct sockaddr_in address;
static const char *host = "localhost";
static char rooms[4][16384] __attribute__((aligned(16)));
static char text[3][4096];
static long values[8];

static int visit(const char *path, const void *found, int type, void *where) {
  (void)path, (void)found, (void)type, (void)where;
  return 1;
}

static int new_listener(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  listen(fd, 1);
  return fd;
}

static long in_folder(int which, const char *name) {
  snprintf(text[which], sizeof text[which], "%s/%s", folder, name);
  return (long)text[which];
}

static long value_of(char letter, int at) {
  static char *arguments[] = {"program", "-x", NULL};
  static char *environment[] = {NULL};
  static char *paths[] = {text[0], NULL};
  static struct iovec part = {.iov_base = rooms[3], .iov_len = 1};
  static struct mmsghdr messages[2];
  static socklen_t length;
  if (letter >= '0' && letter <= '9') return letter - '0';
  switch (letter) {
    case 'p':
      return in_folder(0, "file");
    case 'n':
      return in_folder(1, "none");
    case 'r':
      return in_folder(2, "fil*");
    case 't':
      return in_folder(2, "none/XXXXXX");
    case 'w':
      return in_folder(0, "file"), (long)paths;
    case 'd':
      return AT_FDCWD;
    case 'b':
      return (long)rooms[at % 3];
    case 'z':
      return 4096;
    case 'a':
      return (long)&address;
    case 'L':
      return sizeof address;
    case 'R':
      return length = sizeof address, (long)&length;
    case 's':
      return socket(AF_INET, SOCK_STREAM, 0);
    case 'u':
      return socket(AF_INET, SOCK_DGRAM, 0);
    case 'l':
      return new_listener();
    case 'f':
      return open("/dev/null", O_RDONLY);
    case 'F':
      return (long)fopen("/dev/null", "r");
    case 'm':
    case 'M':
      for (int i = 0; i < 2; i++)
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
      return letter == 'm' ? (long)&messages[0].msg_hdr : (long)messages;
    case 'i':
      return (long)&address.sin_addr;
    case 'I':
      return SIOCGIFADDR;
    case 'A':
      return posix_spawn_file_actions_init((void *)rooms[3]), (long)rooms[3];
    case 'o':
      return SYS_openat;
    case 'S':
      return (long)"r";
    case 'h':
      return (long)host;
    case 'v':
      return (long)arguments;
    case 'e':
      return (long)environment;
    case 'k':
      return (long)"exit 0";
    case 'x':
      return (long)"no-such-program-anywhere";
    case 'g':
      return (long)"/boxer-no-such-object";
    case 'c':
      return (long)visit;
    case 'C':
      return MSG_DONTWAIT;
    case '-':
      return -1;
    default:
      return 0;
  }
}

static void prepare(const struct spec *spec) {
  memset(values, 0, sizeof values);
  for (int i = 0; spec->arguments[i]; i++) values[i] = value_of(spec->arguments[i], i);
}

static void finish(const struct spec *spec) {
  for (int i = 0; spec->arguments[i]; i++) {
    if (strchr("sulf", spec->arguments[i])) close((int)values[i]);
    if (spec->arguments[i] == 'F' && values[i] && strncmp(spec->name, "freopen", 7) != 0)
      fclose((FILE *)values[i]);
  }
}

static call *function(const char *name) { return (call *)(uintptr_t)dlsym(RTLD_DEFAULT, name); }

static void set_up(int count, char **arguments) {
  folder = arguments[1];
  address = at(count > 2 ? arguments[2] : "127.0.0.1", 1);
  if (count > 3) host = arguments[3];
  in_folder(0, "file");
  close(open(text[0], O_CREAT | O_RDWR, 0600));
}

#endif
