/*
 * libFuzzer target: the monitor's side of the service wire with a supervisor that sends any answer. The input
 * is the answer, which is sent in two parts, with or without a descriptor.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../monitor/config.h"
#include "../../monitor/monitor.h"
#include "../../monitor/request.h"
#include "../../monitor/table.h"

static struct config config;
static int listener = -1;
static int table_file;

const struct config *network_config(void) { return &config; }

/* The answer to the next client. */
static struct {
  const uint8_t *bytes;
  size_t size;
} next;

static void answer(int fd) {
  struct boxer_request request;
  if (recv(fd, &request, sizeof request, MSG_WAITALL) != sizeof request) return;
  uint8_t kind = next.size > 0 ? next.bytes[0] : 0;
  char bytes[2 * sizeof(struct boxer_reply)] = {0};
  size_t size = next.size > 0 ? next.size - 1 : 0;
  if (size > sizeof bytes) size = sizeof bytes;
  if (size > 0) memcpy(bytes, next.bytes + 1, size);
  /* Most answers begin with a valid header, so that they pass the first check. */
  if (kind & 1) {
    struct boxer_reply head = {.magic = BOXER_WIRE_MAGIC, .operation = request.operation};
    memcpy(bytes, &head, offsetof(struct boxer_reply, count));
    size = sizeof head;
  }
  char control[CMSG_SPACE(3 * sizeof(int))] = {0};
  struct iovec part = {.iov_base = bytes, .iov_len = kind & 2 && size > 3 ? 3 : size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  size_t count = kind >> 2 & 3;
  if (count > 0 && part.iov_len > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
    for (size_t i = 0; i < count; i++)
      memcpy(CMSG_DATA(header) + i * sizeof(int), i % 2 ? &fd : &table_file, sizeof fd);
  }
  sendmsg(fd, &message, MSG_NOSIGNAL);
  if (part.iov_len < size) send(fd, bytes + part.iov_len, size - part.iov_len, MSG_NOSIGNAL);
}

static void *serve(void *data) {
  (void)data;
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return NULL;
    answer(fd);
    close(fd);
  }
}

static void start(void) {
  table_file = memfd_create("table", MFD_CLOEXEC);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "boxer-fuzz-%d", getpid());
  config.socket_length = 1 + (uint32_t)length;
  memcpy(config.socket, address.sun_path, config.socket_length);
  pthread_t thread;
  if (bind(listener, (struct sockaddr *)&address,
           (socklen_t)(sizeof address.sun_family + config.socket_length)) < 0 ||
      listen(listener, 16) < 0 || pthread_create(&thread, NULL, serve, NULL) != 0)
    abort();
}

/* The number of open sockets and files. Pipes are not counted, because the fuzzer itself uses them. */
static int open_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 64; fd++) {
    struct stat found;
    count += fstat(fd, &found) == 0 && (S_ISSOCK(found.st_mode) || S_ISREG(found.st_mode));
  }
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static int before;
  if (listener < 0) start();
  next.bytes = bytes;
  next.size = size;
  struct boxer_reply reply;
  struct boxer_request request = {.operation = size % 2 ? BOXER_TABLE : BOXER_ACCEPT};
  int passed;
  int error = service_request(&request, &reply, &passed, size % 3 ? PROMPT : PATIENT, NULL);
  if (error == 0 && (reply.count > BOXER_ADDRESS_MAX || reply.name[BOXER_NAME_MAX - 1] != 0)) abort();
  if (error != 0 && passed >= 0) abort();
  if (passed >= 0) close(passed);
  shared_table();
  /* No descriptor may be left open, however many were received. The serving thread may have one open. */
  int now = open_descriptors();
  if (before == 0) before = now;
  if (now > before + 1) abort();
  return 0;
}
