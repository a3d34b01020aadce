/*
 * A transcript of the calls that a library between the program and libc sees. It must be the same natively
 * and under the monitor, if the library is preloaded (in front of the monitor) and if it is linked (behind
 * it). The effects of the monitor on the calls go to stderr.
 */
#include "check.h"

void report_seen(void) __attribute__((weak));

static void calls(void) {
  int server = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = at("127.0.0.1", 0);
  socklen_t size = sizeof address;
  bind(server, (struct sockaddr *)&address, size);
  listen(server, 1);
  getsockname(server, (struct sockaddr *)&address, &size);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  connect(client, (struct sockaddr *)&address, size);
  dup2(client, 100);
  close(100);
  close(client);
  close(server);
  access("/", R_OK);
  unlink("/nonexistent/file");
  char name[256] = "";
  gethostname(name, sizeof name);
  fprintf(stderr, "gethostname: %s\n", name);
}

int main(int argc, char **argv) {
  const char *preload = getenv("LD_PRELOAD");
  printf("LD_PRELOAD %s\n", preload ? preload : "is not set");
  if (argc > 1) return 0;
  calls();
  if (report_seen) report_seen();
  fflush(stdout);
  char *const arguments[] = {argv[0], (char *)"again", NULL};
  execve(argv[0], arguments, environ);
  return 1;
}
