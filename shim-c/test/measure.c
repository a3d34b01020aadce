/*
 * Times calls, for bench/shim.ts: measure <what> <repetitions> [address]. Prints nanoseconds per call, the
 * median of the repetitions (of `memory`: bytes). `dns` serves names while another program runs. Runs
 * natively and under the monitor alike.
 */
#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>

#include "check.h"

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int by_size(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left;
  int64_t b = *(const int64_t *)right;
  return a < b ? -1 : a > b;
}

static int64_t *samples;
static int taken;

static void take(int64_t start) { samples[taken++] = now() - start; }

static void die(const char *what) {
  perror(what);
  exit(1);
}

/* Makes connections of which both ends are in this process. They end with a reset, so no port is in
 * TIME_WAIT. */
static void connections(int repetitions, const char *address, bool accepting) {
  int port;
  int server = listener(AF_INET, 0, &port);
  struct sockaddr_in to = at(address, port);
  struct linger reset = {.l_onoff = 1};
  for (int i = 0; i < repetitions; i++) {
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    int64_t start = now();
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die(address);
    if (!accepting) take(start);
    start = now();
    int accepted = accept4(server, (struct sockaddr *)&from, &size, SOCK_CLOEXEC);
    if (accepting) take(start);
    if (accepted < 0) die("accept4");
    close(fd);
    close(accepted);
  }
}

/* connect() of a datagram socket sends no packet, so only the call itself is measured. */
static void bare_connect(int repetitions, const char *address) {
  struct sockaddr_in to = at(address, 9);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  for (int i = 0; i < repetitions; i++) {
    int64_t start = now();
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die(address);
    take(start);
  }
}

/* sendmsg() on a connection has no address, so the monitor has nothing to do. */
static void messages(int repetitions) {
  int ends[2];
  char byte = 'x';
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) die("socketpair");
  for (int i = 0; i < repetitions; i++) {
    int64_t start = now();
    if (sendmsg(ends[0], &message, MSG_NOSIGNAL) < 0) die("sendmsg");
    take(start);
    if (read(ends[1], &byte, 1) < 0) die("read");
  }
}

static void files(int repetitions, const char *path, bool closing) {
  for (int i = 0; i < repetitions; i++) {
    int64_t start = now();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!closing) take(start);
    if (fd < 0) die(path);
    start = now();
    close(fd);
    if (closing) take(start);
  }
}

static void names(int repetitions, const char *name) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  for (int i = 0; i < repetitions; i++) {
    struct addrinfo *list;
    int64_t start = now();
    int error = getaddrinfo(name, "80", &hints, &list);
    take(start);
    if (error) {
      fprintf(stderr, "%s: %s\n", name, gai_strerror(error));
      exit(1);
    }
    freeaddrinfo(list);
  }
}

static void programs(int repetitions) {
  for (int i = 0; i < repetitions; i++) {
    pid_t child;
    int status;
    int64_t start = now();
    if (posix_spawn(&child, "/bin/true", NULL, NULL, (char *[]){"true", NULL}, environ) != 0)
      die("/bin/true");
    waitpid(child, &status, 0);
    take(start);
  }
}

/* Measures the private memory of this process, after it has used the intercepted calls. */
static void memory(const char *address) {
  samples = calloc(64, sizeof *samples);
  connections(8, address, false);
  files(8, "/etc/passwd", false);
  FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
  char line[256];
  int64_t bytes = 0;
  long kilobytes;
  while (rollup && fgets(line, sizeof line, rollup))
    if (sscanf(line, "Private_Clean: %ld", &kilobytes) == 1 ||
        sscanf(line, "Private_Dirty: %ld", &kilobytes) == 1)
      bytes += kilobytes * 1024;
  printf("%ld\n", (long)bytes);
}

static void answer_questions(int fd) {
  static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 66, 0, 2};
  unsigned char message[512];
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  ssize_t got;
  while ((got = recvfrom(fd, message, sizeof message - sizeof record - 5, 0, (struct sockaddr *)&from,
                         &size)) > 12) {
    ssize_t end = 12;
    while (end < got && message[end]) end += message[end] + 1;
    end += 5;
    memcpy(message + end, record, sizeof record);
    message[2] |= 0x80;
    message[3] = 0x80;
    message[7] = 1;
    message[9] = message[11] = 0;
    sendto(fd, message, (size_t)end + sizeof record, 0, (struct sockaddr *)&from, size);
  }
  exit(0);
}

/*
 * A minimal name server, which answers any query for an A record with 10.66.0.2. `measure dns 0 <program>
 * <arguments>` serves on 127.0.0.1 while the program runs.
 */
static int serve_dns(char **program) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind_at(fd, "127.0.0.1", 53) < 0) die("port 53");
  pid_t server = fork();
  if (server == 0) answer_questions(fd);
  close(fd);
  pid_t child = fork();
  if (child == 0) {
    execvp(program[0], program);
    die(program[0]);
  }
  int status;
  waitpid(child, &status, 0);
  kill(server, SIGKILL);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv) {
  if (argc < 3) return 99;
  const char *what = argv[1];
  int repetitions = atoi(argv[2]);
  const char *target = argc > 3 ? argv[3] : "";
  if (strcmp(what, "dns") == 0) return serve_dns(argv + 3);
  if (strcmp(what, "memory") == 0) return memory(target), 0;
  samples = calloc((size_t)repetitions + 1, sizeof *samples);
  if (strcmp(what, "connect") == 0) connections(repetitions, target, false);
  if (strcmp(what, "bare-connect") == 0) bare_connect(repetitions, target);
  if (strcmp(what, "accept") == 0) connections(repetitions, target, true);
  if (strcmp(what, "sendmsg") == 0) messages(repetitions);
  if (strcmp(what, "open") == 0) files(repetitions, target, false);
  if (strcmp(what, "close") == 0) files(repetitions, target, true);
  if (strcmp(what, "getaddrinfo") == 0) names(repetitions, target);
  if (strcmp(what, "exec") == 0) programs(repetitions);
  /* The instructions of sorting must not be counted. */
  if (!getenv("MEASURE_UNSORTED")) qsort(samples, (size_t)taken, sizeof *samples, by_size);
  printf("%ld\n", (long)samples[taken / 2]);
  return 0;
}
