/*
 * Compares the monitor's prediction about a guest's seccomp filter with the kernel's behaviour, for random
 * filters, each in a separate process. Also tests for which programs the monitor expects that their loader
 * would complain about the preload.
 */
#include <elf.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../monitor/bpf.h"
#include "../monitor/config.h"
#include "../monitor/target.h"
#include "check.h"

/* A configuration without a preload, so there is no file that another root may not have. */
const struct config *any_config(void) {
  static const struct config none;
  return &none;
}

#define FILTERS 150
#define LONGEST 24
#define ASKED 7 /* system calls of each, a bit of the exit code for each */

#define LOAD(field) \
  (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

static unsigned any(unsigned limit) { return (unsigned)rand() % limit; }

static struct sock_filter random_step(unsigned left) {
  static const uint16_t calculations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,
                                          BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH};
  static const uint16_t comparisons[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
  uint16_t source = any(2) ? BPF_K : BPF_X;
  switch (any(9)) {
    case 0: /* anything but where the program is, which only the kernel knows */
      return (struct sock_filter)BPF_STMT(
          BPF_LD | BPF_W | BPF_ABS, any(4) ? offsetof(struct seccomp_data, args) + 4 * any(12) : 4 * any(2));
    case 1:
      return (struct sock_filter)BPF_STMT((any(2) ? BPF_LD : BPF_LDX) | (any(2) ? BPF_IMM : BPF_W | BPF_LEN),
                                          any(1000));
    case 2: {
      uint16_t operation = calculations[any(9)];
      bool shifts = operation == BPF_LSH || operation == BPF_RSH;
      return (struct sock_filter)BPF_STMT(BPF_ALU | operation | source, shifts ? any(32) : 1 + any(100000));
    }
    case 3:
      return (struct sock_filter)BPF_STMT(
          any(4) ? BPF_MISC | (any(2) ? BPF_TAX : BPF_TXA) : BPF_ALU | BPF_NEG, 0);
    case 4: /* what is loaded was stored before: see random_filter() */
      return (struct sock_filter)BPF_STMT(any(2) ? BPF_ST : BPF_STX, any(4));
    case 5:
      return (struct sock_filter)BPF_STMT((any(2) ? BPF_LD : BPF_LDX) | BPF_MEM, any(4));
    case 6:
      return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, any(left));
    default:
      return (struct sock_filter)BPF_JUMP(BPF_JMP | comparisons[any(4)] | source,
                                          any(3) ? any(64) : SYS_getppid, (uint8_t)any(left),
                                          (uint8_t)any(left));
  }
}

/* Allows the process to end and to report the result. All other steps are random. */
static unsigned short random_filter(struct sock_filter *steps) {
  unsigned short count = 0;
  steps[count++] = LOAD(nr);
  steps[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1);
  steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  for (unsigned word = 0; word < 4; word++) steps[count++] = (struct sock_filter)BPF_STMT(BPF_ST, word);
  for (unsigned length = 1 + any(LONGEST), i = 0; i < length; i++) steps[count++] = random_step(length - i);
  steps[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1);
  steps[count++] =
      (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, any(2) ? SECCOMP_RET_ALLOW : SECCOMP_RET_LOG);
  steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | E2BIG);
  return count;
}

/* Returns a bit for each call that the kernel allows, or -1 if the kernel does not accept the filter. */
static int allowed_by_kernel(struct sock_fprog *filter, const struct call *calls) {
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter, 0, 0) != 0) _exit(255);
    int bits = 0;
    for (int i = 0; i < ASKED; i++) {
      const unsigned long *a = calls[i].arguments;
      errno = 0;
      if (syscall(SYS_getppid, a[0], a[1], a[2], a[3], a[4], a[5]) != -1 || errno != E2BIG) bits |= 1 << i;
    }
    syscall(SYS_exit_group, bits);
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

static void filters(void) {
  int taken = 0;
  int seen = 0;
  for (int i = 0; i < FILTERS; i++) {
    struct sock_filter steps[LONGEST + 16];
    struct sock_fprog filter = {.len = random_filter(steps), .filter = steps};
    struct call calls[ASKED];
    int bits = 0;
    for (int call = 0; call < ASKED; call++) {
      calls[call] = (struct call){.number = SYS_getppid};
      for (int j = 0; j < 6; j++)
        calls[call].arguments[j] = any(2) ? any(64) : (unsigned long)rand() << 31 | (unsigned)rand();
    }
    int kernel = allowed_by_kernel(&filter, calls);
    if (kernel < 0) continue;
    taken++;
    for (int call = 0; call < ASKED; call++)
      if (filter_allows(&filter, &calls[call])) bits |= 1 << call;
    seen |= bits | (~bits & 0x7f) << 8;
    if (bits != kernel)
      failures++, fprintf(stderr, "filter %d: kernel %x, monitor %x\n", i, (unsigned)kernel, (unsigned)bits);
  }
  CHECK(taken > FILTERS / 4);
  CHECK((seen & 0x7f) == 0x7f && (seen >> 8 & 0x7f) == 0x7f); /* both answers occurred */
}

static const char *folder;

static const char *written(const char *name, const void *bytes, size_t size) {
  static char path[300];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0755);
  CHECK(write(fd, bytes, size) == (ssize_t)size);
  close(fd);
  return path;
}

struct wide {
  Elf64_Ehdr head;
  Elf64_Phdr parts[3];
};
struct narrow {
  Elf32_Ehdr head;
  Elf32_Phdr parts[3];
};

static struct wide wide(uint16_t machine, uint32_t part) {
  struct wide file = {.head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
                               .e_machine = machine,
                               .e_phoff = offsetof(struct wide, parts),
                               .e_phentsize = sizeof(Elf64_Phdr),
                               .e_phnum = 3}};
  file.parts[1].p_type = part;
  return file;
}

static struct narrow narrow(uint16_t machine, uint32_t part) {
  struct narrow file = {.head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB},
                                 .e_machine = machine,
                                 .e_phoff = offsetof(struct narrow, parts),
                                 .e_phentsize = sizeof(Elf32_Phdr),
                                 .e_phnum = 3}};
  file.parts[2].p_type = part;
  return file;
}

#define TAKES(name, bytes, size) loads_monitor(AT_FDCWD, written((name), (bytes), (size)))

static void programs(void) {
  char template[] = "/tmp/boxer-judging-XXXXXX";
  folder = mkdtemp(template);
  struct narrow i386 = narrow(EM_386, PT_INTERP);
  struct narrow static_i386 = narrow(EM_386, PT_LOAD);
  struct wide riscv = wide(EM_RISCV, PT_INTERP);
  struct wide static_riscv = wide(EM_RISCV, PT_LOAD);
  CHECK(loads_monitor(AT_FDCWD, "/proc/self/exe"));
  CHECK(loads_monitor(AT_FDCWD, "/nonexistent") && loads_monitor(AT_FDCWD, "/") &&
        loads_monitor(AT_FDCWD, NULL));
  CHECK(!TAKES("i386", &i386, sizeof i386));
  CHECK(TAKES("static-i386", &static_i386, sizeof static_i386));
  CHECK(!TAKES("riscv", &riscv, sizeof riscv));
  CHECK(TAKES("static-riscv", &static_riscv, sizeof static_riscv));
  CHECK(TAKES("short", &i386, 20));
  CHECK(TAKES("empty", "", 0));
  CHECK(TAKES("text", "echo hello\n", 11));
  struct wide own = wide(EM_X86_64, PT_INTERP);
#ifdef __aarch64__
  own = wide(EM_AARCH64, PT_INTERP);
#endif
  CHECK(TAKES("own", &own, sizeof own));
  i386.head.e_ident[EI_DATA] = ELFDATA2MSB;
  CHECK(!TAKES("big-endian", &i386, sizeof i386));

  char line[400];
  int length = snprintf(line, sizeof line, "#!  %s/i386  -x\nmore", folder);
  CHECK(!TAKES("script", line, (size_t)length));
  length = snprintf(line, sizeof line, "#!%s/script", folder);
  CHECK(!TAKES("nested", line, (size_t)length));
  length = snprintf(line, sizeof line, "#!%s/own\n", folder);
  CHECK(TAKES("own-script", line, (size_t)length));
  length = snprintf(line, sizeof line, "#!%s/itself\n", folder);
  CHECK(TAKES("itself", line, (size_t)length));
  memset(line, 'x', sizeof line);
  memcpy(line, "#!/", 3);
  CHECK(TAKES("endless", line, sizeof line) && TAKES("nothing", "#!", 2) && TAKES("blank", "#!  ", 4) &&
        TAKES("no-name", "#!\n/bin/sh", 10));

  /* PATH is searched as by execvp(): files that may not be executed are skipped. */
  written("i386-elsewhere", "text", 4);
  char path[600];
  snprintf(path, sizeof path, "/nonexistent:%s", folder);
  setenv("PATH", path, 1);
  CHECK(!found_loads_monitor("i386") && found_loads_monitor("own") && found_loads_monitor("not-there") &&
        found_loads_monitor(""));
  snprintf(path, sizeof path, "%s/i386", folder);
  CHECK(!found_loads_monitor(path));
  int directory = open(folder, O_RDONLY | O_DIRECTORY);
  CHECK(!loads_monitor(directory, "script") && loads_monitor(directory, "own"));
  int fd = openat(directory, "i386", O_RDONLY);
  CHECK(!file_loads_monitor(fd) && loads_monitor(directory, "static-i386"));
  close(fd);
  close(directory);
  snprintf(path, sizeof path, "rm -r '%s'", folder);
  setenv("PATH", "/usr/bin:/bin", 1);
  CHECK(system(path) == 0);
}

int main(void) {
  srand(1);
  filters();
  programs();
  return end("judging");
}
