#include "later.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

#define PLACES 64

/* The places at which sockets wait, by the inode of the guest's socket. */
static struct place {
  struct boxer_request request;
  int fd;
  uint16_t port;
} places[PLACES];
static struct boxer_endpoint targets[65536];
/* The last BOXER_CONNECT of each guest's socket. A later request for the same connection gets the same
 * answer, because the far end may already know of it. */
static struct question {
  uint64_t inode;
  bool answered;
  struct boxer_reply reply;
} questions[1024];
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct sockaddr_in address_of(const uint8_t address[4], uint16_t port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(port)};
  memcpy(&result.sin_addr, address, 4);
  return result;
}

static int bound(const uint8_t ip[4], uint16_t *port) {
  struct sockaddr_in address = address_of(ip, *port);
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0) abort();
  getsockname(fd, (struct sockaddr *)&address, &size);
  *port = ntohs(address.sin_port);
  return fd;
}

void later_place(const struct boxer_request *request, struct boxer_reply *reply) {
  static struct sock_filter drop[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  static const struct sock_fprog filter = {.len = 1, .filter = drop};
  struct place place = {.request = *request};
  inet_pton(AF_INET, UNDERLAY_RELAY, reply->peer.address);
  place.fd = bound(reply->peer.address, &place.port);
  if (setsockopt(place.fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
      listen(place.fd, 1) < 0)
    abort();
  reply->peer.port = place.port;
  targets[place.port] = request->peer;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < PLACES; i++)
    if (places[i].port == 0) {
      places[i] = place;
      break;
    }
  pthread_mutex_unlock(&lock);
}

static struct question *question_of(uint64_t inode) {
  return &questions[inode % (sizeof questions / sizeof *questions)];
}

void later_asked(const struct boxer_request *request) {
  pthread_mutex_lock(&lock);
  *question_of(request->inode) = (struct question){.inode = request->inode};
  pthread_mutex_unlock(&lock);
}

void later_answered(const struct boxer_request *request, const struct boxer_reply *reply) {
  struct question *question = question_of(request->inode);
  pthread_mutex_lock(&lock);
  if (question->inode == request->inode) {
    question->answered = true;
    question->reply = *reply;
  }
  pthread_cond_broadcast(&answered);
  pthread_mutex_unlock(&lock);
}

static struct boxer_reply answer_to(uint64_t inode) {
  struct question *question = question_of(inode);
  struct boxer_reply none = {.error = ECONNREFUSED};
  pthread_mutex_lock(&lock);
  while (question->inode == inode && !question->answered) pthread_cond_wait(&answered, &lock);
  struct boxer_reply reply = question->inode == inode ? question->reply : none;
  pthread_mutex_unlock(&lock);
  return reply;
}

struct boxer_endpoint later_target(uint16_t port) {
  const struct boxer_endpoint target = targets[port];
  return target;
}

static bool take(uint64_t inode, struct place *taken) {
  bool found = false;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < PLACES && !found; i++) {
    found = places[i].port != 0 && places[i].request.inode == inode;
    if (!found) continue;
    *taken = places[i];
    places[i].port = 0;
  }
  pthread_mutex_unlock(&lock);
  return found;
}

/* Forwards bytes in one direction, and the end of the stream. */
static bool forward(int from, int to) {
  char bytes[4096];
  ssize_t got = read(from, bytes, sizeof bytes);
  if (got > 0) return write(to, bytes, (size_t)got) == got;
  shutdown(to, SHUT_WR);
  return false;
}

static void pump(int a, int b) {
  struct pollfd ends[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends, 2, -1) < 0) return;
    if (ends[0].revents && !forward(a, b)) ends[0].fd = -1;
    if (ends[1].revents && !forward(b, a)) ends[1].fd = -1;
  }
}

void later_carry(const struct boxer_request *request) {
  struct place place;
  if (!take(request->inode, &place)) return;
  struct boxer_reply where = answer_to(request->inode);
  uint16_t any = 0;
  uint8_t wildcard[4] = {0};
  uint8_t here[4];
  inet_pton(AF_INET, UNDERLAY_RELAY, here);
  struct sockaddr_in there = address_of(where.peer.address, where.peer.port);
  struct sockaddr_in guest = address_of(request->local.address, request->local.port);
  int far = bound(wildcard, &any);
  bool reached = where.error == 0 && connect(far, (struct sockaddr *)&there, sizeof there) == 0;
  close(place.fd);
  if (reached) {
    int near = bound(here, &place.port);
    if (connect(near, (struct sockaddr *)&guest, sizeof guest) == 0) pump(near, far);
    close(near);
  }
  close(far);
}
