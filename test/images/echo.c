/*
 * Prints its host name and its arguments, one a line. With a port as first argument, it then echoes one
 * connection at a time.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char host[256] = "", buffer[4096];
  gethostname(host, sizeof host - 1);
  printf("host %s\n", host);
  for (int i = 1; i < argc; i++) printf("arg %s\n", argv[i]);
  fflush(stdout);
  int port = argc > 1 ? atoi(argv[1]) : 0;
  if (port == 0) return argc > 2 ? atoi(argv[2]) : 0;
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 16) < 0)
    return perror("listen"), 1;
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) return perror("accept"), 1;
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
      if (write(fd, buffer, (size_t)n) != n) break;
    close(fd);
  }
}
