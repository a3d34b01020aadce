// Whether the process monitor can be preloaded into a program. supervisor/guest/program/unseen.ts says the
// same in words that a user gets to read; where this file is unsure, the supervisor decides.
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "no process monitor for this machine"
#endif

enum { SCRIPTS = 4 /* as deep as the kernel follows #! */, HEADERS = 64, LINE = 256 };

static bool is_program(const char *path) {
  struct stat found;
  return access(path, X_OK) == 0 && stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

// Returns "DIRECTORY/NAME".
static char *below(const char *directory, size_t length, const char *name) {
  size_t rest = strlen(name) + 1;
  char *path = malloc(length + 1 + rest);
  if (path == NULL) return NULL;
  memcpy(path, directory, length);
  path[length] = '/';
  memcpy(path + length + 1, name, rest);
  return path;
}

static char *find_in(const char *name, const char *path) {
  while (path != NULL && *path != 0) {
    size_t length = strcspn(path, ":");
    char *candidate = below(path, length, name);
    if (candidate != NULL && is_program(candidate)) return candidate;
    free(candidate);
    path += length + (path[length] == ':');
  }
  return NULL;
}

static char *find_program(const char *name, const char *path) {
  char *found = strchr(name, '/') ? strdup(name) : find_in(name, path);
  if (found != NULL && is_program(found)) return found;
  free(found);
  return NULL;
}

// A program without a dynamic loader is static.
static bool has_loader(int fd, const Elf64_Ehdr *header) {
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum > HEADERS) return false;
  for (int i = 0; i < header->e_phnum; i++) {
    Elf64_Phdr segment;
    off_t at = (off_t)(header->e_phoff + (Elf64_Off)i * sizeof segment);
    if (pread(fd, &segment, sizeof segment, at) != (ssize_t)sizeof segment) return false;
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

// The loader ignores LD_PRELOAD, or parts of it, where a program gains rights.
static bool gains_rights(int fd) {
  struct stat found;
  return fstat(fd, &found) < 0 || !S_ISREG(found.st_mode) || (found.st_mode & (S_ISUID | S_ISGID)) != 0;
}

// Cuts the next word out of the first line of a script. NULL if it is not there in whole.
static char *next_word(char **line) {
  char *from = *line + strspn(*line, " \t");
  char *end = from + strcspn(from, " \t\n");
  if (end == from || *end == 0) return NULL;
  // The end of the line stays for the next call.
  *line = *end == '\n' ? "\n" : end + 1;
  *end = 0;
  return from;
}

static bool is_env(const char *path) {
  const char *name = strrchr(path, '/');
  return name != NULL && strcmp(name, "/env") == 0;
}

static bool is_monitored(const char *program, const char *path, int depth);

// `#!/usr/bin/env NAME` runs the program of that name. Its options are left to the supervisor.
static bool is_interpreter_monitored(char *line, const char *path, int depth) {
  const char *interpreter = next_word(&line);
  if (interpreter == NULL || !is_env(interpreter))
    return interpreter != NULL && is_monitored(interpreter, path, depth);
  const char *name = next_word(&line);
  if (name == NULL || name[0] == '-' || strchr(name, '=') != NULL) return false;
  char *found = find_program(name, path);
  bool result = found != NULL && is_monitored(found, path, depth);
  free(found);
  return result;
}

static bool can_preload(int fd, const char *path, int depth) {
  union {
    Elf64_Ehdr header;
    char line[LINE + 1];
  } start = {0};
  ssize_t length = pread(fd, start.line, LINE, 0);
  if (length >= 2 && start.line[0] == '#' && start.line[1] == '!') {
    start.line[length] = 0;
    return is_interpreter_monitored(start.line + 2, path, depth - 1);
  }
  return length >= (ssize_t)sizeof start.header && memcmp(start.header.e_ident, ELFMAG, SELFMAG) == 0 &&
         start.header.e_ident[EI_CLASS] == ELFCLASS64 && start.header.e_machine == MACHINE &&
         !gains_rights(fd) && has_loader(fd, &start.header);
}

static bool is_monitored(const char *program, const char *path, int depth) {
  if (depth < 0 || program[0] != '/') return false;
  int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  bool result = can_preload(fd, path, depth);
  close(fd);
  return result;
}

char *monitored_program(const char *name, const char *path) {
  char *found = find_program(name, path);
  if (found != NULL && is_monitored(found, path, SCRIPTS)) return found;
  free(found);
  return NULL;
}
