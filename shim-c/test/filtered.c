/* A transcript of guests that install a seccomp filter: no guest is killed for a system call that the monitor
 * makes. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "check.h"

#ifdef __x86_64__
#define OWN_AUDIT AUDIT_ARCH_X86_64
#else
#define OWN_AUDIT AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW(number) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE(number, how) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, (how))
#define OTHERWISE(how) BPF_STMT(BPF_RET | BPF_K, (how))

enum way { BY_PRCTL, BY_SYSCALL, BY_PRCTL_CALL };

static void install(struct sock_filter *steps, size_t count, enum way way) {
  struct sock_fprog filter = {.len = (unsigned short)count, .filter = steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (way == BY_PRCTL) prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
  if (way == BY_SYSCALL) syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
  if (way == BY_PRCTL_CALL) syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}
#define INSTALL(steps, way) install((steps), sizeof(steps) / sizeof *(steps), (way))

/* The filter of a server that has opened all its descriptors before. */
static void only_descriptors(enum way way) {
  struct sock_filter steps[] = {
      LOAD(nr),        ALLOW(SYS_listen), ALLOW(SYS_close),
#ifdef SYS_dup2
      ALLOW(SYS_dup2),
#endif
      ALLOW(SYS_dup3), ALLOW(SYS_write),  ALLOW(SYS_exit_group), OTHERWISE(SECCOMP_RET_KILL_PROCESS),
  };
#ifdef SYS_dup2
  steps[7] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup2, 0, 1); /* and no dup3 */
#endif
  INSTALL(steps, way);
}

static void only_the_same(enum way way) {
  struct sock_filter steps[] = {
      LOAD(nr),          ALLOW(SYS_getsockname), ALLOW(SYS_getpeername), ALLOW(SYS_connect),
#ifdef SYS_accept
      ALLOW(SYS_accept),
#endif
      ALLOW(SYS_bind),   ALLOW(SYS_close),       ALLOW(SYS_exit_group),  OTHERWISE(SECCOMP_RET_KILL_PROCESS)};
  INSTALL(steps, way);
}

static void no_unix_sockets(enum way way) {
  struct sock_filter steps[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
                                LOAD(args[0]), REFUSE(AF_UNIX, SECCOMP_RET_KILL_PROCESS),
                                OTHERWISE(SECCOMP_RET_ALLOW)};
  INSTALL(steps, way);
}

/* A filter like that of Elasticsearch. */
static void no_programs(enum way way) {
  struct sock_filter steps[] = {LOAD(nr), REFUSE(SYS_execve, SECCOMP_RET_ERRNO | EACCES),
                                REFUSE(SYS_execveat, SECCOMP_RET_ERRNO | EACCES),
                                OTHERWISE(SECCOMP_RET_ALLOW)};
  INSTALL(steps, way);
}

static void told(const char *what, pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "killed by" : "ended with",
         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  fflush(stdout);
}

/* The listener was opened before the filter, so the monitor knows it. */
static void descriptors(enum way way) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int other = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(other, SELF, 0) == 0 || bind_at(other, "127.0.0.1", 0) == 0);
  pid_t child = fork();
  if (child == 0) {
    only_descriptors(way);
    int good = listen(other, 1) == 0;
    good += dup2(server, 100) == 100;
    good += close(100) == 0;
    good += dup2(server, other) == other;
    good += close(server) == 0;
    good += close(other) == 0;
    good += close(other) == -1;
    _exit(good);
  }
  told("descriptors", child);
  close(server);
  close(other);
}

static void names(enum way way) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(client, "127.0.0.1", port) == 0);
  pid_t child = fork();
  if (child == 0) {
    struct sockaddr_storage *heap = malloc(sizeof *heap);
    socklen_t size = sizeof *heap;
    only_the_same(way);
    int accepted = accept(server, NULL, NULL);
    int good = accepted >= 0;
    good += getsockname(client, (struct sockaddr *)heap, &size) == 0;
    good += getpeername(client, (struct sockaddr *)heap, &size) == 0;
    good += connect(client, (struct sockaddr *)heap, size) == -1 && errno == EISCONN;
    good += bind(client, (struct sockaddr *)heap, size) == -1 && errno == EINVAL;
    good += close(accepted) == 0;
    _exit(good);
  }
  told("names", child);
  close(client);
  close(server);
}

/* For a call for which libc uses a certain system call, the monitor uses the same one: a filter might kill
 * the guest for another. */
static void files(enum way way) {
#ifdef SYS_access
  pid_t child = fork();
  if (child == 0) {
    struct sock_filter steps[] = {LOAD(nr),
                                  ALLOW(SYS_access),
                                  ALLOW(SYS_unlink),
                                  ALLOW(SYS_rename),
                                  ALLOW(SYS_readlink),
                                  ALLOW(SYS_mkdir),
                                  ALLOW(SYS_rmdir),
                                  ALLOW(SYS_chmod),
                                  ALLOW(SYS_chown),
                                  ALLOW(SYS_lchown),
                                  ALLOW(SYS_link),
                                  ALLOW(SYS_symlink),
                                  ALLOW(SYS_newfstatat),
                                  ALLOW(SYS_stat),
                                  ALLOW(SYS_lstat),
                                  ALLOW(SYS_mknod),
                                  ALLOW(SYS_mknodat),
                                  ALLOW(SYS_exit_group),
                                  OTHERWISE(SECCOMP_RET_KILL_PROCESS)};
    INSTALL(steps, way);
    static const char *const path = "/nonexistent/file";
    char text[8];
    struct stat found;
    int good = access("/", R_OK) == 0;
    good += unlink(path) != 0;
    good += rename(path, path) != 0;
    good += readlink(path, text, sizeof text) < 0;
    good += mkdir(path, 0700) != 0;
    good += rmdir(path) != 0;
    good += chmod(path, 0700) != 0;
    good += chown(path, 0, 0) != 0;
    good += lchown(path, 0, 0) != 0;
    good += link(path, path) != 0;
    good += symlink(path, path) != 0;
    good += stat("/", &found) == 0;
    good += lstat("/", &found) == 0;
    good += mkfifo(path, 0600) != 0;
    _exit(good);
  }
  told("files", child);
#else
  (void)way;
#endif
}

/* A filter is preserved across exec. */
static void inherited(const char *self) {
  pid_t child = fork();
  if (child == 0) {
    no_unix_sockets(BY_PRCTL);
    char *const nothing[] = {NULL};
    execle(self, self, "again", NULL, nothing);
    _exit(99);
  }
  told("inherited", child);
}

static int again(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  return getenv("BOXER_FILTERED") || close(server) != 0;
}

/* A filter that forbids no system call of the monitor has no effect on the monitor. */
static void harmless(bool boxed) {
  pid_t child = fork();
  if (child == 0) {
    no_programs(BY_PRCTL);
    int port;
    int server = listener(AF_INET, 0, &port);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    /* The supervisor is asked for the address to connect to, and for the connection that arrives. */
    CHECK(connect_at(client, boxed ? NODE_LOOP : "127.0.0.1", port) == 0);
    int accepted = accept(server, NULL, NULL);
    CHECK(accepted >= 0 && (!boxed || is_at(peer_of(accepted), NODE_LOOP, 4242)));
    close(server);
    CHECK(system("true") != 0);
    _exit(failures);
  }
  told("harmless", child);
}

/* The guest gets no io_uring even if the kernel has it, because its calls would bypass the monitor. */
static void rings(bool boxed) {
  char settings[256] = {0};
  long ring = syscall(SYS_io_uring_setup, 2, settings);
  if (boxed) CHECK(ring == -1 && errno == EPERM);
  if (ring >= 0) close((int)ring);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "again") == 0) return again();
  alarm(30);
  for (enum way way = BY_PRCTL; way <= BY_PRCTL_CALL; way++) {
    descriptors(way);
    names(way);
    files(way);
  }
  inherited(argv[0]);
  harmless(argc > 1);
  rings(argc > 1);
  return failures;
}
