/* A library that intercepts calls, as socket_wrapper and torsocks do. It counts them and passes them on. It
 * is preloaded or linked. */
#include <dlfcn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int seen[10];
enum { BIND, LISTEN, CLOSE, DUP2, GETSOCKNAME, GETHOSTNAME, CONNECT, ACCESS, UNLINK };

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  seen[BIND]++;
  return REAL(int (*)(int, const struct sockaddr *, socklen_t), "bind")(fd, address, length);
}
int connect(int fd, const struct sockaddr *address, socklen_t length) {
  seen[CONNECT]++;
  return REAL(int (*)(int, const struct sockaddr *, socklen_t), "connect")(fd, address, length);
}
int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict room) {
  seen[GETSOCKNAME]++;
  return REAL(int (*)(int, struct sockaddr *, socklen_t *), "getsockname")(fd, address, room);
}
int listen(int fd, int backlog) {
  seen[LISTEN]++;
  return REAL(int (*)(int, int), "listen")(fd, backlog);
}
int close(int fd) {
  seen[CLOSE]++;
  return REAL(int (*)(int), "close")(fd);
}
int dup2(int from, int to) {
  seen[DUP2]++;
  return REAL(int (*)(int, int), "dup2")(from, to);
}
int gethostname(char *name, size_t room) {
  seen[GETHOSTNAME]++;
  return REAL(int (*)(char *, size_t), "gethostname")(name, room);
}
int access(const char *path, int mode) {
  seen[ACCESS]++;
  return REAL(int (*)(const char *, int), "access")(path, mode);
}
int unlink(const char *path) {
  seen[UNLINK]++;
  return REAL(int (*)(const char *), "unlink")(path);
}
int execve(const char *path, char *const arguments[], char *const environment[]) {
  dprintf(1, "hook: execve\n");
  return REAL(int (*)(const char *, char *const *, char *const *), "execve")(path, arguments, environment);
}

void report_seen(void);
void report_seen(void) {
  printf("bind %d listen %d close %d dup2 %d getsockname %d gethostname %d connect %d access %d unlink %d\n",
         seen[BIND], seen[LISTEN], seen[CLOSE], seen[DUP2], seen[GETSOCKNAME], seen[GETHOSTNAME],
         seen[CONNECT], seen[ACCESS], seen[UNLINK]);
}
