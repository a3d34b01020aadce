/* A transcript of which calls are cancellation points: a cancelled thread makes the call, and then continues
 * or ends. */
#include <netdb.h>
#include <pthread.h>
#include <sys/stat.h>

#include "check.h"

struct point {
  const char *name;
  void (*call)(void);
};

static int server;
static int client;
static struct sockaddr_in to;

static void do_close(void) { close(client); }
static void do_close_listener(void) { close(server); }
static void do_accept(void) { accept(server, NULL, NULL); }
static void do_accept4(void) { accept4(server, NULL, NULL, SOCK_CLOEXEC); }
static void do_connect(void) { connect(client, (struct sockaddr *)&to, sizeof to); }
static void do_open(void) { open("/dev/null", O_RDONLY); }
static void do_openat(void) { openat(AT_FDCWD, "/dev/null", O_RDONLY); }
static void do_creat(void) { creat("/dev/null", 0600); }
static void do_lock(void) {
  struct flock lock = {.l_type = F_RDLCK};
  fcntl(client, F_SETLKW, &lock);
}
static void do_fcntl(void) { fcntl(client, F_GETFD); }
static void do_sendto(void) { sendto(client, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to); }
static void do_sendmsg(void) {
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to};
  sendmsg(client, &message, MSG_NOSIGNAL);
}
static void do_system(void) { (void)!system("true"); }
static void do_bind(void) { bind(client, (struct sockaddr *)&to, sizeof to); }
static void do_listen(void) { listen(server, 1); }
static void do_getsockname(void) {
  socklen_t size = sizeof to;
  getsockname(server, (struct sockaddr *)&to, &size);
}
static void do_dup2(void) { dup2(client, server); }
static void do_stat(void) {
  struct stat found;
  stat("/", &found);
}
static void do_unlink(void) { unlink("/nonexistent"); }
static void do_gethostname(void) {
  char name[256];
  gethostname(name, sizeof name);
}

static const struct point points[] = {
    {"close", do_close},     {"close of a listener", do_close_listener},
    {"accept", do_accept},   {"accept4", do_accept4},
    {"connect", do_connect}, {"open", do_open},
    {"openat", do_openat},   {"creat", do_creat},
    {"F_SETLKW", do_lock},   {"F_GETFD", do_fcntl},
    {"sendto", do_sendto},   {"sendmsg", do_sendmsg},
    {"system", do_system},   {"bind", do_bind},
    {"listen", do_listen},   {"getsockname", do_getsockname},
    {"dup2", do_dup2},       {"stat", do_stat},
    {"unlink", do_unlink},   {"gethostname", do_gethostname},
};

static void *run(void *data) {
  const struct point *point = data;
  pthread_cancel(pthread_self());
  point->call();
  return NULL;
}

int main(void) {
  alarm(60);
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    int port;
    server = listener(AF_INET, SOCK_NONBLOCK, &port);
    client = socket(AF_INET, SOCK_STREAM, 0);
    to = at("127.0.0.1", port);
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, run, (void *)&points[i]);
    pthread_join(thread, &result);
    printf("%s: %s\n", points[i].name, result == PTHREAD_CANCELED ? "cancelled" : "went on");
    /* A thread that is cancelled in close() has either closed the descriptor or not. */
    if (points[i].call == do_close_listener)
      printf("the listener is %s\n", fcntl(server, F_GETFD) < 0 ? "closed" : "open");
    close(client);
    close(server);
  }
  return failures;
}
