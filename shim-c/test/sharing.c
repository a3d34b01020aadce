/* A transcript of POSIX shared memory and named semaphores. Usage: sharing <prefix of their names> */
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "check.h"

static const char *prefix;

static const char *named(const char *name) {
  static char rooms[4][NAME_MAX + 32];
  static int turn;
  char *room = rooms[turn++ % 4];
  snprintf(room, sizeof rooms[0], "/%s-%s", prefix, name);
  return room;
}

static void say(const char *what, long result) {
  int error = errno;
  printf("%s: %ld %s\n", what, result, result < 0 ? strerror(error) : "");
  fflush(stdout);
}

static void say_semaphore(const char *what, sem_t *semaphore) { say(what, semaphore == SEM_FAILED ? -1 : 0); }

static void memory(void) {
  umask(022);
  struct stat found;
  say("missing", shm_open(named("memory"), O_RDWR, 0));
  int fd = shm_open(named("memory"), O_RDWR | O_CREAT | O_EXCL, 0640);
  say("new", fd < 0 ? fd : 0);
  say("again", shm_open(named("memory"), O_RDWR | O_CREAT | O_EXCL, 0640));
  say("close on exec", fcntl(fd, F_GETFD));
  say("size", ftruncate(fd, 4096));
  say("stat", fstat(fd, &found));
  say("mode", found.st_mode & 07777);
  int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  pid_t child = fork();
  if (child == 0) {
    int other = shm_open(named("memory"), O_RDWR, 0);
    int *there = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
    *there = 42;
    _exit(0);
  }
  waitpid(child, NULL, 0);
  say("seen by both", *shared);
  munmap(shared, 4096);
  close(fd);
  say("unlink", shm_unlink(named("memory")));
  say("unlink again", shm_unlink(named("memory")));
  say("no name", shm_open("/", O_RDWR, 0));
  say("with a slash", shm_open("/a/b", O_RDWR, 0));
  fd = shm_open(named("left") + 1, O_RDWR | O_CREAT, 0600);
  say("without a slash in front", fd < 0 ? fd : 0);
  close(fd);
}

static void *waiter(void *data) { return sem_wait(data) == 0 ? data : NULL; }

static void semaphores(void) {
  int value = -1;
  say_semaphore("missing", sem_open(named("semaphore"), 0));
  sem_t *one = sem_open(named("semaphore"), O_CREAT | O_EXCL, 0600, 2);
  say_semaphore("new", one);
  say_semaphore("again", sem_open(named("semaphore"), O_CREAT | O_EXCL, 0600, 2));
  sem_t *two = sem_open(named("semaphore"), O_CREAT, 0600, 7);
  say("the same one", one == two);
  say("value", sem_getvalue(two, &value) == 0 ? value : -1);
  say("wait", sem_wait(one));
  say("wait", sem_trywait(two));
  say("nothing left", sem_trywait(one));
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  say("timed", sem_timedwait(one, &soon));
  say("close one", sem_close(two));
  say("post", sem_post(one));
  say("value", sem_getvalue(one, &value) == 0 ? value : -1);
  say("take it", sem_wait(one));
  pthread_t thread;
  pthread_create(&thread, NULL, waiter, one);
  pid_t child = fork();
  if (child == 0) {
    sem_t *other = sem_open(named("semaphore"), 0);
    _exit(other == SEM_FAILED || sem_post(other) || sem_close(other));
  }
  int status;
  waitpid(child, &status, 0);
  say("child", status);
  void *result = NULL;
  pthread_join(thread, &result);
  say("woken by another process", result == one);
  say("unlink", sem_unlink(named("semaphore")));
  say("unlink again", sem_unlink(named("semaphore")));
  say("still open", sem_post(one));
  sem_t *fresh = sem_open(named("semaphore"), O_CREAT, 0600, 0);
  say("another one", fresh != one && fresh != SEM_FAILED);
  say("close", sem_close(one));
  say("close", sem_close(fresh));
  say("unlink", sem_unlink(named("semaphore")));
  say_semaphore("too much", sem_open(named("semaphore"), O_CREAT, 0600, (unsigned)INT_MAX + 1));
  say_semaphore("no name", sem_open("/", O_CREAT, 0600, 1));
  say_semaphore("left", one = sem_open(named("left"), O_CREAT, 0644, 1));
  say("unnamed", sem_init((sem_t[1]){0}, 0, 1));
  say("close", sem_close(one));
}

/* If many threads open an object at the same time, all get the same one. */
static void *opener(void *data) {
  for (int i = 0; i < 200; i++) {
    sem_t *semaphore = sem_open(named("busy"), O_CREAT, 0600, 0);
    if (semaphore == SEM_FAILED || sem_post(semaphore) || sem_close(semaphore)) return NULL;
  }
  return data;
}

static void crowd(void) {
  sem_t *kept = sem_open(named("busy"), O_CREAT, 0600, 0);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, opener, kept);
  int well = 0;
  for (int i = 0; i < 4; i++) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    well += result == kept;
  }
  int value = -1;
  sem_getvalue(kept, &value);
  say("threads", well);
  say("posts", value);
  say("close", sem_close(kept));
  say("unlink", sem_unlink(named("busy")));
}

int main(int argc, char **argv) {
  if (argc != 2) return 99;
  alarm(60);
  prefix = argv[1];
  int fds = count_fds();
  memory();
  semaphores();
  crowd();
  say("descriptors", count_fds() - fds);
  return 0;
}
