// `boxer running`: waits in a phantom's container until the guest of the phantom's function runs
// (supervisor/phantom/tell-running.ts). It is implemented here, because starting Node for every replica, or
// for every health check, would take too long.
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "launcher.h"

static const char RUNNING[] = "boxer-running";
enum { ATTEMPTS = 3000, PAUSE_MS = 20 };

static int connected_to_phantom(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, RUNNING, sizeof RUNNING - 1);
  socklen_t length = offsetof(struct sockaddr_un, sun_path) + sizeof RUNNING;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) == 0) return fd;
  close(fd);
  return -1;
}

int wait_until_running(void) {
  const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
  int fd = connected_to_phantom();
  // The phantom may still be starting, and there is no event at the end of its start.
  for (int i = 0; fd < 0 && i < ATTEMPTS; i++) {
    nanosleep(&pause, NULL);
    fd = connected_to_phantom();
  }
  char byte;
  return fd >= 0 && read(fd, &byte, 1) == 1 ? 0 : 1;
}
