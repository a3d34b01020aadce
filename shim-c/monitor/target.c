/*
 * A loader of another word size or machine prints a line for each object that it cannot preload, and every
 * loader does for an object that it does not find. So the monitor reads a program's header, and looks for its
 * own file, before it passes LD_PRELOAD on. In doubt the entry is kept: a needless line is better than a
 * program without the monitor.
 */
#include "target.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include "config.h"
#include "monitor.h"
#include "permitted.h"
#include "reading.h"
#include "text.h"

extern char **environ;

#define INTERPRETERS 5       /* of scripts that the kernel follows */
#define INTERPRETER_ROOM 256 /* what the kernel reads of a script */

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#else
#define OWN_MACHINE EM_AARCH64
#endif

enum target { TAKES_US, REFUSES_US, SCRIPT };

/* All machines whose programs can start here are little-endian, except emulated ones. */
static uint32_t number_at(const unsigned char *bytes, size_t size) {
  uint32_t number = 0;
  while (size-- > 0) number = number << 8 | bytes[size];
  return number;
}

#define FIELD(head, field)                                                               \
  ((head)[EI_CLASS] == ELFCLASS64                                                        \
       ? number_at((head) + offsetof(Elf64_Ehdr, field), sizeof((Elf64_Ehdr *)0)->field) \
       : number_at((head) + offsetof(Elf32_Ehdr, field), sizeof((Elf32_Ehdr *)0)->field))

/* A static program has no loader that could complain. True also where that cannot be told. */
static bool has_loader(int fd, const unsigned char *head) {
  if (head[EI_DATA] != ELFDATA2LSB) return true;
  uint32_t at = FIELD(head, e_phoff);
  for (uint32_t left = FIELD(head, e_phnum); left > 0; left--, at += FIELD(head, e_phentsize)) {
    unsigned char type[4];
    if (raw(SYS_pread64, fd, type, sizeof type, at) != sizeof type ||
        number_at(type, sizeof type) == PT_INTERP)
      return true;
  }
  return false;
}

static bool is_blank(char letter) { return letter == ' ' || letter == '\t'; }

/* Cuts the interpreter's name out of a script's first line. */
static bool cut_interpreter(char *line, size_t length) {
  size_t from = 2;
  while (from < length && is_blank(line[from])) from++;
  size_t size = 0;
  for (; from + size < length; size++) {
    char letter = line[from + size];
    if (is_blank(letter) || letter == '\n' || letter == 0) break;
  }
  if (size == 0 || from + size == INTERPRETER_ROOM) return false;
  memmove(line, line + from, size);
  line[size] = 0;
  return true;
}

static enum target judge(int fd) {
  unsigned char head[sizeof(Elf64_Ehdr)];
  long length = raw(SYS_pread64, fd, head, sizeof head, 0);
  if (length >= 3 && head[0] == '#' && head[1] == '!') return SCRIPT;
  if (length < (long)sizeof head || memcmp(head, ELFMAG, SELFMAG) != 0) return TAKES_US;
  bool own =
      head[EI_CLASS] == ELFCLASS64 && head[EI_DATA] == ELFDATA2LSB && FIELD(head, e_machine) == OWN_MACHINE;
  return own || !has_loader(fd, head) ? TAKES_US : REFUSES_US;
}

static int open_program(int directory, const char *path) {
  return (int)raw(SYS_openat, directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/*
 * Follows the interpreter's own interpreter, and so on. A function of its own, so that callers that start no
 * script do not need its stack.
 */
__attribute__((noinline)) static enum target judge_interpreter(int script) {
  char interpreter[INTERPRETER_ROOM];
  enum target target = SCRIPT;
  int fd = script;
  for (int depth = 0; target == SCRIPT && depth < INTERPRETERS; depth++) {
    long length = raw(SYS_pread64, fd, interpreter, sizeof interpreter, 0);
    if (fd != script) raw(SYS_close, fd);
    if (length <= 2 || !cut_interpreter(interpreter, (size_t)length)) return TAKES_US;
    fd = open_program(AT_FDCWD, interpreter);
    if (fd < 0) return TAKES_US;
    target = judge(fd);
  }
  if (fd != script) raw(SYS_close, fd);
  return target;
}

static bool has_slash(const char *text) {
  while (*text && *text != '/') text++;
  return *text == '/';
}

/* The monitor's file may be missing in another root (chroot() or a mount namespace). */
static bool finds_monitor(void) {
  const char *own = any_config()->preload;
  if (!own || !has_slash(own)) return true;
  int fd = open_program(AT_FDCWD, own);
  if (fd >= 0) raw(SYS_close, fd);
  return fd != -ENOENT && fd != -ENOTDIR;
}

bool file_loads_monitor(int fd) {
  if (!may_read()) return true;
  if (!finds_monitor()) return false;
  enum target target = judge(fd);
  return (target == SCRIPT ? judge_interpreter(fd) : target) != REFUSES_US;
}

bool loads_monitor(int directory, const char *path) {
  if (!may_read()) return true;
  int fd = open_program(directory, path);
  if (fd < 0) return finds_monitor();
  bool takes = file_loads_monitor(fd);
  raw(SYS_close, fd);
  return takes;
}

static const char *search_path(void) {
  for (char **variable = environ; variable && *variable; variable++)
    if (starts_with(*variable, "PATH=")) return *variable + 5;
  return "/bin:/usr/bin";
}

__attribute__((noinline)) bool found_loads_monitor(const char *file) {
  if (!may_read()) return true;
  if (!file || text_length(file, INTERPRETER_ROOM) >= INTERPRETER_ROOM) return true;
  if (!*file || has_slash(file)) return loads_monitor(AT_FDCWD, file);
  char name[INTERPRETER_ROOM];
  size_t size = strlen(file) + 1;
  for (const char *folder = search_path(); folder;) {
    size_t length = 0;
    while (folder[length] && folder[length] != ':') length++;
    if (length + 1 + size <= sizeof name) {
      memcpy(name, folder, length);
      name[length] = '/';
      memcpy(name + (length ? length + 1 : 0), file, size);
      if (raw(SYS_faccessat, AT_FDCWD, name, X_OK) == 0) return loads_monitor(AT_FDCWD, name);
    }
    folder = folder[length] ? folder + length + 1 : NULL;
  }
  return true;
}
