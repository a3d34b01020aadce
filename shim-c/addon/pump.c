/*
 * The pump's thread, which moves bytes, finds stalled flows and ends flows. pump-js.c gives it flows and
 * learns of their ends.
 */
#include "pump.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  CHUNK = 256 * 1024, /* stays in the processor's cache between the copy in and the copy out */
  TURN = 4,           /* chunks of one direction before the others get their turn */
  EVENTS = 128,
  /*
   * The bytes that the far end's kernel keeps unsent: enough for a full pipe, few for a reader that has
   * stopped.
   */
  UNSENT = 256 * 1024,
  /* A peer that vanished silently is found after 15 s of silence and ten probes of 1 s. */
  KEEPALIVE_IDLE = 15,
  KEEPALIVE_INTERVAL = 1,
  KEEPALIVE_PROBES = 10,
  /*
   * The time in ms that bytes before a reset may take to the other end. Nothing tells when the last of them
   * is acknowledged, so the pump looks.
   */
  GRACE = 1000,
  GRACE_STEP = 5,
};

#define COMMANDS UINT64_MAX

struct links {
  struct links *before, *after;
};

struct direction {
  uint64_t bytes;
  struct pump_early early;
  size_t early_at;
  uint32_t held;
  bool ended; /* the end of the stream has been passed on */
};

struct flow {
  struct links order; /* in `idle`, or in `dying` once one end is broken; first, so that a link is its flow */
  int64_t deadline;
  struct direction to[2]; /* to[0]: from the first socket to the second */
  int fds[2];
  uint32_t generation;
  bool used;
  bool thorough[2]; /* more than bytes may follow: read this end until it reports its end */
  bool again[2];    /* the direction's turn ended before its bytes did */
  bool queued;
  bool dying;   /* in the list of that name */
  bool drained; /* everything that the broken end sent has been passed on */
  int broken;   /* 1 + the end that is broken, or 0 */
};

struct command {
  uint32_t slot;
  bool add;
  int fds[2];
  struct pump_early early[2];
};

struct pump {
  struct pump_options options;
  pthread_t thread;
  int epoll, wake;
  char *chunk;
  struct flow *flows;
  uint32_t *ready; /* ring of slots whose turn ended early */
  uint32_t ready_at, ready_count;
  struct links idle, dying;
  int64_t now, looked;
  pthread_mutex_t lock; /* of what follows */
  struct command *commands;
  uint32_t command_count;
  bool stop;
};

enum outcome { QUIET, MORE, ENDED, DRAINED, BROKEN, DEAD };

static void links_init(struct links *list) { list->before = list->after = list; }

static void links_remove(struct links *link) {
  link->before->after = link->after;
  link->after->before = link->before;
  links_init(link);
}

static void links_append(struct links *list, struct links *link) {
  link->before = list->before;
  link->after = list;
  list->before->after = link;
  list->before = link;
}

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t slot_of(const struct pump *pump, const struct flow *flow) {
  return (uint32_t)(flow - pump->flows);
}

static void set_held(struct pump *pump, struct flow *flow, int d, uint32_t held) {
  if (flow->to[d].held == held) return;
  flow->to[d].held = held;
  __atomic_store_n(&pump->options.held[slot_of(pump, flow)], flow->to[0].held + flow->to[1].held,
                   __ATOMIC_RELAXED);
}

static void touch(struct pump *pump, struct flow *flow) {
  if (pump->options.idle == 0 || flow->broken) return;
  flow->deadline = pump->now + pump->options.idle;
  links_remove(&flow->order);
  links_append(&pump->idle, &flow->order);
}

static void stop_with_reset(int fd) {
  const struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* `resets`: a bit for each end that gets an RST instead of an end of stream. */
static void release(struct pump *pump, struct flow *flow, unsigned resets) {
  for (int side = 0; side < 2; side++) {
    if (resets & 1U << side) stop_with_reset(flow->fds[side]);
    /*
     * Node may still hold another descriptor of the same socket, so closing ours alone would not end its
     * events.
     */
    epoll_ctl(pump->epoll, EPOLL_CTL_DEL, flow->fds[side], NULL);
    close(flow->fds[side]);
    free(flow->to[side].early.bytes);
    set_held(pump, flow, side, 0);
  }
  links_remove(&flow->order);
  flow->used = false;
  if (pump->options.ended)
    pump->options.ended(pump->options.context, slot_of(pump, flow), flow->to[0].bytes, flow->to[1].bytes);
}

/* An end that cannot be written to has been reset or has vanished. What it sent before is still passed on. */
static enum outcome unwritable(struct flow *flow, int side) {
  if (flow->broken) return DEAD;
  flow->broken = 1 + side;
  return BROKEN;
}

/* Sends what was read before the pump got the socket. Returns QUIET when nothing of it is left. */
static enum outcome send_early(struct pump *pump, struct flow *flow, int d) {
  struct direction *to = &flow->to[d];
  while (to->early_at < to->early.size) {
    ssize_t sent =
        send(flow->fds[!d], to->early.bytes + to->early_at, to->early.size - to->early_at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? MORE : unwritable(flow, !d);
    to->early_at += (size_t)sent;
    to->bytes += (size_t)sent;
    touch(pump, flow);
  }
  free(to->early.bytes);
  to->early = (struct pump_early){0};
  to->early_at = 0;
  return QUIET;
}

/* Drops bytes that were looked at before from a socket's queue, without copying them again. */
static void drop(int fd, size_t size) {
  while (size > 0) {
    ssize_t dropped = recv(fd, NULL, size, MSG_TRUNC);
    if (dropped > 0)
      size -= (size_t)dropped;
    else if (dropped == 0 || errno != EINTR)
      return;
  }
}

static uint32_t unread(int fd) {
  int size = 0;
  return ioctl(fd, SIOCINQ, &size) == 0 && size > 0 ? (uint32_t)size : 0;
}

static uint32_t unacknowledged(int fd) {
  int size = 0;
  return ioctl(fd, SIOCOUTQ, &size) == 0 && size > 0 ? (uint32_t)size : 0;
}

static enum outcome source_ended(struct pump *pump, struct flow *flow, int d) {
  set_held(pump, flow, d, 0);
  if (flow->broken == 1 + d) return DRAINED;
  flow->to[d].ended = true;
  shutdown(flow->fds[!d], SHUT_WR);
  touch(pump, flow);
  return ENDED;
}

/*
 * Moves bytes of one direction until the source has no more or the far end takes no more. Bytes stay in the
 * source's socket until the far end's socket has taken them: they are looked at (MSG_PEEK), sent, and dropped
 * unread (MSG_TRUNC). So nothing is ever kept here, and a reader that stops closes the writer's window.
 */
static enum outcome move(struct pump *pump, struct flow *flow, int d) {
  struct direction *to = &flow->to[d];
  if (to->ended) return QUIET;
  if (to->early.bytes) {
    enum outcome early = send_early(pump, flow, d);
    if (early != QUIET) return early == MORE ? QUIET : early;
  }
  for (int turn = 0; turn < TURN; turn++) {
    ssize_t seen = recv(flow->fds[d], pump->chunk, CHUNK, MSG_PEEK);
    if (seen == 0) return source_ended(pump, flow, d);
    if (seen < 0) {
      if (errno == EINTR) continue;
      set_held(pump, flow, d, 0);
      if (errno == EAGAIN) return QUIET;
      if (flow->broken && flow->broken != 1 + d) return DEAD;
      flow->broken = 1 + d;
      return DRAINED;
    }
    ssize_t sent = send(flow->fds[!d], pump->chunk, (size_t)seen, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) return unwritable(flow, !d);
      sent = 0;
    } else {
      drop(flow->fds[d], (size_t)sent);
      to->bytes += (size_t)sent;
      touch(pump, flow);
    }
    if (sent < seen) {
      set_held(pump, flow, d, unread(flow->fds[d]));
      return QUIET;
    }
    set_held(pump, flow, d, 0);
    /* The source gave less than was asked for, so later bytes are a new edge. */
    if (seen < CHUNK && !flow->thorough[d]) return QUIET;
  }
  return MORE;
}

static void take_turn_later(struct pump *pump, struct flow *flow, int d) {
  flow->again[d] = true;
  if (flow->queued) return;
  flow->queued = true;
  pump->ready[(pump->ready_at + pump->ready_count++) % pump->options.slots] = slot_of(pump, flow);
}

/* One end is broken. The other end gets what the broken one sent before, and then is reset as well. */
static void settle(struct pump *pump, struct flow *flow) {
  int broken = flow->broken - 1;
  enum outcome outcome = flow->drained ? QUIET : move(pump, flow, broken);
  if (outcome == DEAD || outcome == BROKEN) return release(pump, flow, 3);
  if (outcome == MORE) take_turn_later(pump, flow, broken);
  if (outcome == DRAINED || flow->to[broken].ended) flow->drained = true;
  if (flow->drained && unacknowledged(flow->fds[!broken]) == 0) return release(pump, flow, 3);
  if (flow->dying) return;
  flow->dying = true;
  flow->deadline = pump->now + GRACE;
  links_remove(&flow->order);
  links_append(&pump->dying, &flow->order);
}

static void advance(struct pump *pump, struct flow *flow, int d) {
  if (flow->broken) return settle(pump, flow);
  switch (move(pump, flow, d)) {
    case QUIET:
      break;
    case MORE:
      take_turn_later(pump, flow, d);
      break;
    case ENDED:
      if (flow->to[0].ended && flow->to[1].ended) release(pump, flow, 0);
      break;
    case DRAINED:
      flow->drained = true; /* fall through */
    case BROKEN:
      settle(pump, flow);
      break;
    case DEAD:
      release(pump, flow, 3);
      break;
  }
}

static void on_event(struct pump *pump, struct epoll_event event) {
  struct flow *flow = &pump->flows[(uint32_t)event.data.u64 >> 1];
  int side = event.data.u64 & 1;
  /* The flow has ended; this event was in the same batch. */
  uint32_t generation = flow->generation;
  if (!flow->used || event.data.u64 >> 32 != generation) return;
  if (event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP | EPOLLPRI)) flow->thorough[side] = true;
  if (event.events & EPOLLERR) {
    if (flow->broken == 2 - side) return release(pump, flow, 3);
    flow->broken = 1 + side;
  }
  if (event.events & ~(uint32_t)EPOLLOUT) advance(pump, flow, side);
  if (event.events & EPOLLOUT && flow->used && flow->generation == generation) advance(pump, flow, !side);
}

static void configure(int fd) {
  const struct {
    int level, option, value;
  } options[] = {
      {IPPROTO_TCP, TCP_NODELAY, 1},
      {IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT},
      {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE},
      {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL},
      {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
      {SOL_SOCKET, SO_KEEPALIVE, 1},
  };
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof options[i].value);
}

static void begin(struct pump *pump, const struct command *command) {
  struct flow *flow = &pump->flows[command->slot];
  *flow = (struct flow){.generation = flow->generation + 1, .queued = flow->queued, .used = true};
  links_init(&flow->order);
  touch(pump, flow);
  for (int side = 0; side < 2; side++) {
    flow->fds[side] = command->fds[side];
    flow->to[side].early = command->early[side];
  }
  for (int side = 0; side < 2; side++) {
    configure(flow->fds[side]);
    uint64_t tag = (uint64_t)flow->generation << 32 | command->slot << 1 | (uint64_t)side;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET,
                                .data.u64 = tag};
    if (epoll_ctl(pump->epoll, EPOLL_CTL_ADD, flow->fds[side], &event) != 0) return release(pump, flow, 3);
  }
}

/* False when the pump shall stop. */
static bool take_commands(struct pump *pump) {
  uint64_t count;
  if (read(pump->wake, &count, sizeof count) < 0 && errno != EAGAIN) return false;
  pthread_mutex_lock(&pump->lock);
  for (uint32_t i = 0; i < pump->command_count; i++) {
    const struct command *command = &pump->commands[i];
    struct flow *flow = &pump->flows[command->slot];
    if (command->add)
      begin(pump, command);
    else if (flow->used)
      release(pump, flow, 3);
  }
  pump->command_count = 0;
  bool stop = pump->stop;
  pthread_mutex_unlock(&pump->lock);
  return !stop;
}

static void take_turns(struct pump *pump) {
  for (uint32_t count = pump->ready_count; count > 0; count--) {
    struct flow *flow = &pump->flows[pump->ready[pump->ready_at]];
    pump->ready_at = (pump->ready_at + 1) % pump->options.slots;
    pump->ready_count--;
    flow->queued = false;
    for (int d = 0; d < 2; d++) {
      if (!flow->used || !flow->again[d]) continue;
      flow->again[d] = false;
      advance(pump, flow, d);
    }
  }
}

static void look_at_clock(struct pump *pump) {
  if (pump->now < pump->looked + GRACE_STEP) return;
  pump->looked = pump->now;
  for (struct links *link = pump->dying.after, *next; link != &pump->dying; link = next) {
    struct flow *flow = (struct flow *)link;
    next = link->after;
    if (flow->deadline <= pump->now)
      release(pump, flow, 3);
    else
      settle(pump, flow);
  }
  while (pump->idle.after != &pump->idle) {
    struct flow *flow = (struct flow *)pump->idle.after;
    if (flow->deadline > pump->now) break;
    release(pump, flow, 3);
  }
}

static int time_to_sleep(const struct pump *pump) {
  if (pump->ready_count > 0) return 0;
  if (pump->dying.after != &pump->dying) return GRACE_STEP;
  if (pump->idle.after == &pump->idle) return -1;
  int64_t rest = ((const struct flow *)pump->idle.after)->deadline - milliseconds();
  return rest < 0 ? 0 : (int)rest + 1;
}

static void *run(void *argument) {
  struct pump *pump = argument;
  bool running = true;
  while (running) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(pump->epoll, events, EVENTS, time_to_sleep(pump));
    bool called = false;
    pump->now = milliseconds();
    for (int i = 0; i < count; i++) {
      if (events[i].data.u64 == COMMANDS)
        called = true;
      else
        on_event(pump, events[i]);
    }
    take_turns(pump);
    look_at_clock(pump);
    if (called) running = take_commands(pump);
  }
  return NULL;
}

static void free_pump(struct pump *pump) {
  if (pump->epoll >= 0) close(pump->epoll);
  if (pump->wake >= 0) close(pump->wake);
  free(pump->chunk);
  free(pump->flows);
  free(pump->ready);
  free(pump->commands);
  free(pump);
}

/* Signals are handled by Node's own threads. */
static int start_thread(struct pump *pump) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&pump->thread, NULL, run, pump);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

int pump_start(const struct pump_options *options, struct pump **result) {
  struct pump *pump = calloc(1, sizeof *pump);
  if (!pump) return ENOMEM;
  pump->options = *options;
  pump->chunk = malloc(CHUNK);
  pump->flows = calloc(options->slots, sizeof *pump->flows);
  pump->ready = calloc(options->slots, sizeof *pump->ready);
  /* The queue is bounded: at most the start and one reset of each flow wait. */
  pump->commands = calloc(options->slots, 2 * sizeof *pump->commands);
  pump->epoll = epoll_create1(EPOLL_CLOEXEC);
  pump->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  links_init(&pump->idle);
  links_init(&pump->dying);
  pthread_mutex_init(&pump->lock, NULL);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = COMMANDS};
  int error = 0;
  if (!pump->chunk || !pump->flows || !pump->ready || !pump->commands)
    error = ENOMEM;
  else if (pump->epoll < 0 || pump->wake < 0 ||
           epoll_ctl(pump->epoll, EPOLL_CTL_ADD, pump->wake, &event) != 0)
    error = errno;
  else
    error = start_thread(pump);
  if (error)
    free_pump(pump);
  else
    *result = pump;
  return error;
}

static void command(struct pump *pump, const struct command *given) {
  pthread_mutex_lock(&pump->lock);
  if (given)
    pump->commands[pump->command_count++] = *given;
  else
    pump->stop = true;
  pthread_mutex_unlock(&pump->lock);
  const uint64_t one = 1;
  while (write(pump->wake, &one, sizeof one) < 0 && errno == EINTR) continue;
}

void pump_add(struct pump *pump, uint32_t slot, const int fds[2], const struct pump_early early[2]) {
  command(pump, &(struct command){
                    .slot = slot, .add = true, .fds = {fds[0], fds[1]}, .early = {early[0], early[1]}});
}

void pump_reset(struct pump *pump, uint32_t slot) { command(pump, &(struct command){.slot = slot}); }

void pump_stop(struct pump *pump) {
  command(pump, NULL);
  pthread_join(pump->thread, NULL);
  pump->options.ended = NULL;
  for (uint32_t slot = 0; slot < pump->options.slots; slot++) {
    struct flow *flow = &pump->flows[slot];
    if (flow->used) release(pump, flow, 3);
  }
  free_pump(pump);
}
