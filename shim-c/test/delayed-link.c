// A link between two network namespaces that delays, jitters, loses and reorders frames from its first end to
// its second. It is used instead of netem, which the kernels of small virtual machines do not have. The link
// consists of two TAP devices. Whole segments pass (virtio headers), so a fast stream needs few system calls.
//
//   delayed-link NETNS DEVICE NETNS DEVICE DELAY JITTER LOSS REORDER
//
// NETNS are paths as /proc/PID/ns/net; DELAY and JITTER are microseconds, LOSS and REORDER parts per million
// of frames. A reordered frame overtakes the delayed ones; on a link without delay, it is held back instead.
// LOSS applies to both directions. Prints "ready", and runs until its standard input ends.
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_FRAME (65536 + 256)
// The most frames and bytes that are delayed at the same time: 10 Gbit/s for 20 ms is 25 MB.
#define MAX_WAITING 32768
#define MAX_BYTES (64u << 20)
// How long a reordered frame is held back on a link without delay.
#define REORDER_NS 500000

struct frame {
  int64_t due;
  uint64_t order;
  size_t size;
  char *bytes;
};

static struct frame heap[MAX_WAITING];
static size_t waiting;
static size_t waiting_bytes;
static uint64_t random_state = 88172645463325252u;

static void die(const char *what) {
  fprintf(stderr, "delayed-link: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// xorshift with a fixed seed: every run has the same losses.
static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static int happens(long per_million) { return (long)(next_random() % 1000000) < per_million; }

static int before(const struct frame *a, const struct frame *b) {
  return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void push(struct frame frame) {
  size_t at = waiting++;
  for (; at > 0 && before(&frame, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = frame;
  waiting_bytes += frame.size;
}

static struct frame pop(void) {
  struct frame top = heap[0], last = heap[--waiting];
  size_t at = 0;
  for (size_t child; (child = 2 * at + 1) < waiting; at = child) {
    if (child + 1 < waiting && before(&heap[child + 1], &heap[child])) child++;
    if (!before(&heap[child], &last)) break;
    heap[at] = heap[child];
  }
  heap[at] = last;
  waiting_bytes -= top.size;
  return top;
}

// Opens a new TAP device in another namespace, and returns its descriptor.
static int open_tap(const char *namespace, const char *device) {
  int net = open(namespace, O_RDONLY | O_CLOEXEC);
  if (net < 0 || setns(net, CLONE_NEWNET) < 0) die(namespace);
  close(net);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0) die("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (ioctl(tap, TUNSETIFF, &request) < 0) die(device);
  if (ioctl(tap, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0) die("offload");
  return tap;
}

int main(int argc, char **argv) {
  if (argc != 9) {
    fprintf(stderr, "usage: delayed-link NETNS DEVICE NETNS DEVICE DELAY JITTER LOSS REORDER\n");
    return 2;
  }
  long delay = atol(argv[5]), jitter = atol(argv[6]), loss = atol(argv[7]), reorder = atol(argv[8]);
  int near = open_tap(argv[1], argv[2]), far = open_tap(argv[3], argv[4]);
  // Timers may be late by 1 microsecond instead of the default of 50.
  prctl(PR_SET_TIMERSLACK, 1000);
  puts("ready");
  fflush(stdout);

  static char buffer[MAX_FRAME];
  uint64_t order = 0;
  for (;;) {
    struct timespec wait = {0}, *until = NULL;
    if (waiting > 0) {
      int64_t left = heap[0].due - now();
      if (left > 0) wait = (struct timespec){left / 1000000000, left % 1000000000};
      until = &wait;
    }
    struct pollfd fds[] = {{near, POLLIN, 0}, {far, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (ppoll(fds, 3, until, NULL) < 0 && errno != EINTR) die("ppoll");
    if (fds[2].revents) return 0;

    // Only a few frames are read at a time, so that frames that are due do not wait for all that arrive.
    ssize_t size;
    for (int i = 0; i < 64 && (size = read(far, buffer, sizeof buffer)) > 0; i++)
      if (!happens(loss)) (void)!write(near, buffer, (size_t)size);
    for (int i = 0; i < 64 && (size = read(near, buffer, sizeof buffer)) > 0; i++) {
      if (happens(loss)) continue;
      int64_t held = delay * 1000;
      if (jitter > 0) held += (int64_t)(next_random() % (uint64_t)(2 * jitter * 1000)) - jitter * 1000;
      if (happens(reorder)) held = delay > 0 ? 0 : REORDER_NS;
      if (held <= 0 && waiting == 0) {
        (void)!write(far, buffer, (size_t)size);
        continue;
      }
      if (waiting == MAX_WAITING || waiting_bytes > MAX_BYTES) continue;
      char *bytes = malloc((size_t)size);
      if (bytes == NULL) die("malloc");
      memcpy(bytes, buffer, (size_t)size);
      push((struct frame){now() + (held > 0 ? held : 0), order++, (size_t)size, bytes});
    }
    for (int64_t time = now(); waiting > 0 && heap[0].due <= time;) {
      struct frame frame = pop();
      (void)!write(far, frame.bytes, frame.size);
      free(frame.bytes);
    }
  }
}
