/* Descriptors and processes: all ways to close, fork, vfork, and exec with any environment. */
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <wordexp.h>

#include "../service-wire.h"
#include "check.h"

static const char *self;

/* Each way of closing a listener sends one hint to the supervisor. */
static void closing(void) {
  for (int way = 0; way < 6; way++) {
    int port;
    int server = listener(AF_INET, SOCK_CLOEXEC, &port);
    CHECK(requests(BOXER_LISTEN, port) == 1);
    CHECK(requests(BOXER_UNLISTEN, port) == 0);
    int marker = open("/dev/null", O_RDONLY);
    int high = fcntl(server, F_DUPFD, 500);
    switch (way) {
      case 0:
        close(server);
        break;
      case 1:
        syscall(SYS_close, server);
        break;
      case 2: /* the JDK's pre-close */
        dup2(marker, server);
        CHECK(requests(BOXER_UNLISTEN, port) == 1);
        close(server);
        break;
      case 3:
        dup3(marker, server, O_CLOEXEC);
        CHECK(requests(BOXER_UNLISTEN, port) == 1);
        close(server);
        break;
      case 4:
        syscall(SYS_close_range, server, server, 0);
        break;
      case 5:
        syscall(SYS_dup2, marker, server);
        close(server);
    }
    CHECK(requests(BOXER_UNLISTEN, port) == 1);
    close(high);
    CHECK(requests(BOXER_UNLISTEN, port) == 2);
    close(marker);
    CHECK(fcntl(server, F_GETFD) == -1);
  }
}

static void listen_often(void) {
  for (int i = 0; i < 1000; i++) {
    int port;
    close(listener(AF_INET, 0, &port));
  }
}

/* listen() and close() of a listener do not wait for the supervisor, which is stopped here. Without the
 * monitor there is no supervisor. */
static void waiting_for_nobody(void) {
  pid_t supervisor = getppid();
  CHECK(kill(supervisor, SIGSTOP) == 0);
  pid_t child = fork();
  if (child == 0) {
    alarm(30);
    listen_often();
    _exit(failures);
  }
  int status = -1;
  waitpid(child, &status, 0);
  kill(supervisor, SIGCONT);
  CHECK(status == 0);
  /* The supervisor sees listeners whose hints did not fit into its queue when it reads the kernel's table.
   * From now on it receives hints again. */
  wait_for_supervisor();
  int port;
  int server = listener(AF_INET, 0, &port);
  CHECK(requests(BOXER_LISTEN, port) == 1);
  close(server);
}

/* There is no hint for a listener on loopback, for a Unix socket, or for another file with the number of a
 * closed listener. */
static void quiet(void) {
  int before = requests(BOXER_LISTEN, 0);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(fd, "127.0.0.1", 0) == 0 && listen(fd, 1) == 0);
  close(fd);
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr name = {.sa_family = AF_UNIX};
  CHECK(bind(fd, &name, sizeof name.sa_family) == 0 && listen(fd, 1) == 0);
  close(fd);
  CHECK(requests(BOXER_LISTEN, 0) == before);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(fd, SELF, 0) == 0);
  FILE *stream = fdopen(fd, "r+");
  fclose(stream); /* never reaches an intercepted close() */
  int again = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(again == fd && bind_at(again, "0.0.0.0", 0) == 0);
  CHECK(strncmp(local_of(again), "0.0.0.0:", 8) == 0);
  close(again);
}

/* A listener that a child after vfork() closes stays open in the parent, and the monitor still knows it. */
static void vforked(void) {
  int server = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind_at(server, SELF, 0) == 0 && listen(server, 1) == 0);
  int port = port_of(server);
  pid_t child = vfork();
  if (child == 0) {
    close(server);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  CHECK(requests(BOXER_UNLISTEN, port) == 0);
  CHECK(is_at(local_of(server), SELF, port));
  close(server);
  CHECK(requests(BOXER_UNLISTEN, port) == 1);
}

/* Runs when cleared_environment() starts this program again. Reports whether it runs under the monitor, and
 * that the environment does not show the monitor. */
static int report(void) {
  char name[256];
  gethostname(name, sizeof name);
  const char *preload = getenv("LD_PRELOAD");
  return strcmp(name, "self-node") == 0 && (!preload || !*preload) && !getenv("BOXER_SOCKET") ? 0 : 1;
}

static int status_of(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

static void run_with(int way, char *const *environment) {
  char *const arguments[] = {(char *)self, "report", NULL};
  switch (way) {
    case 0:
      execve(self, arguments, environment);
      break;
    case 1:
      execvpe(self, arguments, environment);
      break;
    case 2:
      execle(self, self, "report", NULL, environment);
      break;
    case 3:
      fexecve(open(self, O_RDONLY), arguments, environment);
      break;
    case 4:
      environ = (char **)environment;
      execl(self, self, "report", NULL);
      break;
    case 5:
      environ = (char **)environment;
      execvp(self, arguments);
      break;
    case 6:
      environ = (char **)environment;
      execv(self, arguments);
      break;
    case 7:
      environ = (char **)environment;
      execlp(self, self, "report", NULL);
  }
  _exit(9);
}

static void cleared_environment(void) {
  char *const environments[][4] = {
      {NULL}, {"PATH=/bin", NULL}, {"LD_PRELOAD=", NULL}, {"A=b", "BOXER_SOCKET=@other", NULL}};
  for (int way = 0; way < 8; way++)
    for (int i = 0; i < 3; i++) {
      pid_t child = fork();
      if (child == 0) run_with(way, environments[i]);
      CHECK(status_of(child) == 0);
    }
  char *const arguments[] = {(char *)self, "report", NULL};
  for (int i = 0; i < 3; i++) {
    pid_t child;
    CHECK(posix_spawn(&child, self, NULL, NULL, arguments, environments[i]) == 0 && status_of(child) == 0);
    CHECK(posix_spawnp(&child, self, NULL, NULL, arguments, environments[i]) == 0 && status_of(child) == 0);
    child = vfork();
    if (child == 0) {
      execve(self, arguments, environments[i]);
      _exit(9);
    }
    CHECK(status_of(child) == 0);
  }
  CHECK(system("env -i hostname | grep -q '^self-node$'") == 0);
  pid_t child;
  CHECK(posix_spawn(&child, "/nonexistent", NULL, NULL, arguments, environments[0]) == ENOENT);
  CHECK(execve("/nonexistent", arguments, environments[0]) == -1 && errno == ENOENT);
  CHECK(execvp("nonexistent-program", arguments) == -1 && errno == ENOENT);
}

static bool told_by(FILE *stream) {
  char name[64] = "";
  bool read = stream && fgets(name, sizeof name, stream);
  return read && pclose(stream) == 0 && strcmp(name, "self-node\n") == 0;
}

static bool expands(void) {
  wordexp_t words;
  bool expanded = wordexp("$(hostname)", &words, 0) == 0 && words.we_wordc == 1 &&
                  strcmp(words.we_wordv[0], "self-node") == 0;
  if (expanded) wordfree(&words);
  return expanded;
}

static bool is_hidden(void) { return !getenv("LD_PRELOAD") && !getenv("BOXER_SOCKET"); }

/* libc starts these programs with `environ`, which the guest may have changed in any way. */
static void started_by_libc(void) {
  char *little[] = {(char *)"PATH=/usr/bin:/bin", NULL};
  for (int way = 0; way < 3; way++) {
    pid_t child = fork();
    if (child == 0) {
      failures = 0;
      if (way == 1) clearenv();
      if (way == 2) environ = little;
      char **before = environ;
      CHECK(system("test \"$(hostname)\" = self-node") == 0);
      CHECK(told_by(popen("hostname", "r")));
      CHECK(expands());
      CHECK(environ == before && is_hidden());
      setenv("ADDED", "1", 1);
      CHECK(system("test \"$ADDED $(hostname)\" = '1 self-node'") == 0 && is_hidden());
      _exit(failures);
    }
    CHECK(status_of(child) == 0);
  }
}

static void *run_shells(void *data) {
  (void)data;
  for (int i = 0; i < 8; i++) {
    if (system("test \"$(hostname)\" = self-node") != 0) __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
    if (!told_by(popen("hostname", "r"))) __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
  }
  return NULL;
}

/* Starts of programs overlap, so one must not undo a change of `environ` that another one still needs. */
static void started_by_threads(void) {
  char **before = environ;
  pthread_t pool[4];
  for (int i = 0; i < 4; i++) pthread_create(&pool[i], NULL, run_shells, NULL);
  for (int i = 0; i < 4; i++) pthread_join(pool[i], NULL);
  CHECK(environ == before && is_hidden());
}

/* The guest reads its own LD_PRELOAD as it has set it. The monitor is not loaded twice if the guest adds it
 * to LD_PRELOAD, or copies the environment that the kernel shows. */
static void own_preload(void) {
  CHECK(system("LD_PRELOAD= sh -c 'test \"${LD_PRELOAD-unset}\" = \"\"'") == 0);
  CHECK(system("sh -c 'test \"${LD_PRELOAD-unset}\" = unset'") == 0);
  CHECK(system("LD_PRELOAD=libm.so.6 sh -c 'test \"$LD_PRELOAD\" = libm.so.6'") == 0);
  CHECK(system("LD_PRELOAD='libm.so.6 libm.so.6' sh -c 'test \"$LD_PRELOAD\" = \"libm.so.6 libm.so.6\"'") ==
        0);
  CHECK(system("env $(cat /proc/self/environ | tr '\\0' '\\n' | grep ^LD_PRELOAD=):libm.so.6 sh -c 'test "
               "\"$LD_PRELOAD\" = libm.so.6'") == 0);
  CHECK(system("LD_PRELOAD=libm.so.6 sh -c 'cat /proc/self/environ | tr \"\\0\" \"\\n\" | grep -q "
               "\"^LD_PRELOAD=libm.so.6:[^:]*libboxer.so$\"'") == 0);
}

/* A daemon without standard streams must not find a descriptor of the monitor under their numbers. */
static void without_stdio(void) {
  pid_t child = fork();
  if (child == 0) {
    close(0);
    int port;
    int server = listener(AF_INET, 0, &port); /* takes 0 */
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool good = server == 0 && connect_at(fd, NODE_LOOP, port) == 0;
    int accepted = accept(server, NULL, NULL);
    good = good && write(accepted, "x", 1) == 1;
    close(0);
    int lowest = dup(2);
    _exit(good && lowest == 0 ? 0 : 1);
  }
  CHECK(status_of(child) == 0);
}

/* At the limit of descriptors, the monitor cannot ask the supervisor. The call fails, and nothing leaks. */
static void out_of_descriptors(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int filled[1100];
  int count = 0;
  while (count < 1100 && (filled[count] = dup(2)) >= 0) count++;
  if (count < 1100) CHECK(connect_at(fd, NODE_ASKED, 80) == -1 && errno == ENOBUFS);
  while (count > 0) close(filled[--count]);
  close(fd);
}

static void *client(void *data) {
  int port = *(int *)data;
  for (int i = 0; i < 50; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect_at(fd, NODE_LOOP, port) != 0 || write(fd, "x", 1) != 1)
      __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
    char byte;
    if (read(fd, &byte, 1) != 0) __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
    close(fd);
  }
  return NULL;
}

static void *server_thread(void *data) {
  int server = *(int *)data;
  for (int i = 0; i < 50; i++) {
    int fd = accept(server, NULL, NULL);
    char byte;
    if (read(fd, &byte, 1) != 1) __atomic_add_fetch(&failures, 1, __ATOMIC_SEQ_CST);
    close(fd);
  }
  return NULL;
}

/* Four clients and four accepting threads on one listener. */
static void threads(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  pthread_t pool[8];
  for (int i = 0; i < 4; i++) {
    pthread_create(&pool[i], NULL, server_thread, &server);
    pthread_create(&pool[4 + i], NULL, client, &port);
  }
  for (int i = 0; i < 8; i++) pthread_join(pool[i], NULL);
  close(server);
}

static void *blocked(void *data) {
  accept(*(int *)data, NULL, NULL);
  return NULL;
}

/* accept() is a cancellation point. */
static void cancelled(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  pthread_t thread;
  pthread_create(&thread, NULL, blocked, &server);
  usleep(50000);
  pthread_cancel(thread);
  void *result = NULL;
  pthread_join(thread, &result);
  CHECK(result == PTHREAD_CANCELED);
  close(server);
}

int main(int argc, char **argv) {
  self = argv[0];
  if (argc == 2) return report();
  alarm(60);
  int fds = count_fds();
  closing();
  waiting_for_nobody();
  quiet();
  vforked();
  cleared_environment();
  started_by_libc();
  started_by_threads();
  own_preload();
  without_stdio();
  out_of_descriptors();
  threads();
  cancelled();
  CHECK(count_fds() == fds);
  return end("processes");
}
