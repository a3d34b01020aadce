/*
 * A supervisor for tests: makes a network namespace, serves the service wire, runs a program under the
 * process monitor and exits as it did. Usage: supervisor <libboxer.so or "native"> <log> <program>
 * [arguments...]. Exits 77 where namespaces are not allowed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../service-wire.h"
#include "arrivals.h"
#include "later.h"
#include "world.h"

static struct boxer_table *table;
static int table_fd;
static int log_fd;

static void die(const char *what) {
  perror(what);
  exit(99);
}

static struct sockaddr_in address_of(const char *text, uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

static void add_address(int fd, const char *interface, const char *text) {
  struct ifreq request = {0};
  strcpy(request.ifr_name, interface);
  struct sockaddr_in address = address_of(text, 0);
  memcpy(&request.ifr_addr, &address, sizeof address);
  if (ioctl(fd, SIOCSIFADDR, &request) < 0) die("SIOCSIFADDR");
  address = address_of("255.255.255.255", 0);
  memcpy(&request.ifr_netmask, &address, sizeof address);
  ioctl(fd, SIOCSIFNETMASK, &request);
}

static void make_network(void) {
  if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
    perror("no network namespace");
    exit(77);
  }
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  if (ioctl(fd, SIOCSIFFLAGS, &request) < 0) die("SIOCSIFFLAGS");
  add_address(fd, "lo:1", UNDERLAY_SELF);
  add_address(fd, "lo:2", UNDERLAY_DIRECT);
  add_address(fd, "lo:3", UNDERLAY_RELAY);
  close(fd);
}

static uint64_t hash_of(const char *name) {
  uint64_t hash = 0xcbf29ce484222325u;
  while (*name) hash = (hash ^ (uint8_t)*name++) * 0x100000001b3u;
  return hash;
}

static void add_node(const char *overlay, const char *direct, uint32_t flags) {
  struct boxer_table_node *node = &table->nodes[table->node_count];
  inet_pton(AF_INET, overlay, node->overlay);
  if (direct) inet_pton(AF_INET, direct, node->direct);
  node->flags = flags;
  node->id = ++table->node_count;
}

static void add_name(const char *name, const char *overlay, uint32_t flags) {
  struct boxer_table_name *entry = &table->names[table->name_count++];
  entry->hash = hash_of(name);
  entry->flags = flags;
  if (overlay) inet_pton(AF_INET, overlay, entry->overlay);
}

static int by_hash(const void *left, const void *right) {
  const struct boxer_table_name *a = left;
  const struct boxer_table_name *b = right;
  return a->hash < b->hash ? -1 : a->hash > b->hash;
}

static void make_table(void) {
  table_fd = memfd_create("table", MFD_CLOEXEC);
  if (ftruncate(table_fd, BOXER_TABLE_COPIES * sizeof *table) < 0) die("ftruncate");
  table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, table_fd, 0);
  table->magic = BOXER_TABLE_MAGIC;
  inet_pton(AF_INET, "198.18.0.0", table->overlay_base);
  inet_pton(AF_INET, "255.254.0.0", table->overlay_mask);
  inet_pton(AF_INET, SELF, table->self_overlay);
  inet_pton(AF_INET, UNDERLAY_SELF, table->self_underlay);
  if (!getenv("BOXER_TEST_SEVERAL")) inet_pton(AF_INET, UNDERLAY_SELF, table->self_bound);
  inet_pton(AF_INET, SIGNAL_SOURCE, table->signal_source);
  strcpy(table->hostname, "self-node");
  table->account_user = 4711 + 1;
  table->account_group = 4712 + 1;
  add_node(SELF, UNDERLAY_SELF, BOXER_NODE_SELF | BOXER_NODE_DIRECT);
  add_node(NODE_DIRECT, UNDERLAY_DIRECT, BOXER_NODE_DIRECT);
  add_node(NODE_ASKED, NULL, 0);
  add_name("web", NODE_DIRECT, 0);
  add_name("web", NODE_ASKED, 0);
  add_name("web", NODE_REFUSED, 0);
  add_name("direct", NODE_DIRECT, 0);
  add_name("asked", NODE_ASKED, 0);
  add_name("ask-me", NULL, BOXER_NAME_ASK);
  add_name("ask-none", NULL, BOXER_NAME_ASK);
  add_name("ask-fail", NULL, BOXER_NAME_ASK);
  qsort(table->names, table->name_count, sizeof *table->names, by_hash);
}

static bool is(const struct boxer_endpoint *endpoint, const char *text) {
  uint8_t address[4];
  inet_pton(AF_INET, text, address);
  return memcmp(address, endpoint->address, 4) == 0;
}

static void set(struct boxer_endpoint *endpoint, const char *text, uint16_t port) {
  inet_pton(AF_INET, text, endpoint->address);
  endpoint->port = port;
}

static uint16_t port_of(int fd) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  getsockname(fd, (struct sockaddr *)&address, &size);
  return ntohs(address.sin_port);
}

static int tcp(const char *local, uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = address_of(local, port);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  return fd;
}

static _Atomic uint16_t punch_port = PUNCH_PORT;

static void punched(const struct boxer_request *request, struct boxer_reply *reply) {
  set(&reply->peer, UNDERLAY_RELAY, request->peer.port);
  if ((request->flags & BOXER_NO_PUNCH) || request->local.port) return;
  reply->flags = BOXER_BIND;
  reply->local.port = is(&request->peer, NODE_TAKEN) ? PUNCH_PORT - 1 : punch_port++;
}

static void *listen_late(void *data) {
  usleep(200000);
  int fd = tcp(UNDERLAY_RELAY, (uint16_t)(uintptr_t)data);
  listen(fd, 1);
  close(accept(fd, NULL, NULL));
  close(fd);
  return NULL;
}

static void resetting(const struct boxer_request *request, struct boxer_reply *reply) {
  punched(request, reply);
  reply->retry = 1000;
  pthread_t thread;
  pthread_create(&thread, NULL, listen_late, (void *)(uintptr_t)request->peer.port);
  pthread_detach(thread);
}

static void on_connect(const struct boxer_request *request, struct boxer_reply *reply) {
  reply->peer = request->peer;
  if (is(&request->peer, NODE_SILENT)) sleep(20);
  if (is(&request->peer, NODE_SLOW)) usleep(300000);
  if (is(&request->peer, NODE_ASKED) || is(&request->peer, NODE_SLOW))
    set(&reply->peer, UNDERLAY_RELAY, request->peer.port);
  else if (is(&request->peer, NODE_PUNCHED) || is(&request->peer, NODE_TAKEN))
    punched(request, reply);
  else if (is(&request->peer, NODE_RESETTING))
    resetting(request, reply);
  else if (is(&request->peer, NODE_REFUSED))
    reply->error = ECONNREFUSED;
  else if (is(&request->peer, NODE_LOOP) || is(&request->peer, NODE_GONE))
    reply->error = arrivals_announce(request->peer.port, is(&request->peer, NODE_GONE), &reply->peer);
  else
    reply->error = EHOSTUNREACH;
}

static int on_accept(const struct boxer_request *request, struct boxer_reply *reply) {
  int real = is(&request->peer, SIGNAL_SOURCE) ? arrivals_take(request->peer.port) : -1;
  if (real < 0) reply->error = EAGAIN;
  set(&reply->peer, NODE_LOOP, 4242);
  set(&reply->local, SELF, request->local.port);
  return real;
}

static void on_names_of(const struct boxer_request *request, struct boxer_reply *reply) {
  reply->local = request->local;
  reply->peer = request->peer;
  set(&reply->local, SELF, request->local.port);
  uint16_t target = arrivals_target(request->peer.port);
  uint16_t arrived_at = arrivals_target(request->local.port);
  if (arrived_at) {
    set(&reply->local, SELF, arrived_at);
    set(&reply->peer, NODE_LOOP, 4242);
    return;
  }
  struct boxer_endpoint late = later_target(request->peer.port);
  if (late.port) {
    reply->peer = late;
    if (!is(&late, NODE_LOOP)) set(&reply->peer, NODE_ASKED, late.port);
  } else if (is(&request->peer, UNDERLAY_RELAY))
    set(&reply->peer, target ? NODE_LOOP : NODE_ASKED, target ? target : request->peer.port);
}

/* Fills in the reply. Returns the descriptor to send with it, or -1. */
static int answer(const struct boxer_request *request, struct boxer_reply *reply) {
  switch (request->operation) {
    case BOXER_TABLE:
      return table_fd;
    case BOXER_CONNECT:
      on_connect(request, reply);
      later_answered(request, reply);
      break;
    case BOXER_CONNECT_LATER:
      later_place(request, reply);
      break;
    case BOXER_ACCEPT:
      return on_accept(request, reply);
    case BOXER_NAMES_OF:
      on_names_of(request, reply);
      break;
    case BOXER_RESOLVE:
      if (strcmp(request->name, "ask-me") == 0)
        inet_pton(AF_INET, ASKED_NAME_ADDRESS, reply->addresses[reply->count++]);
      else
        reply->error = strcmp(request->name, "ask-none") == 0 ? ENOENT : EIO;
      break;
    case BOXER_REVERSE:
      if (is(&request->peer, NODE_DIRECT))
        strcpy(reply->name, "direct.test");
      else
        reply->error = ENOENT;
  }
  return -1;
}

static void log_request(const struct boxer_request *request) {
  char address[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, request->local.address, address, sizeof address);
  dprintf(log_fd, "%d %s:%d family %d inode %d\n", request->operation, address, request->local.port,
          request->family, request->inode != 0);
}

struct client {
  int fd;
  struct boxer_request request;
};

static void *serve(void *data) {
  struct client *client = data;
  struct boxer_reply reply = {.magic = BOXER_WIRE_MAGIC, .operation = client->request.operation};
  int passed = answer(&client->request, &reply);
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {.iov_base = &reply, .iov_len = sizeof reply};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (passed >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &passed, sizeof passed);
  }
  sendmsg(client->fd, &message, MSG_NOSIGNAL);
  if (passed >= 0 && passed != table_fd) close(passed);
  close(client->fd);
  if (client->request.operation == BOXER_UNDER_WAY) later_carry(&client->request);
  free(client);
  return NULL;
}

/* Reads requests in the order of their arrival. They may be answered in any order. */
static void *serve_all(void *data) {
  int listener = (int)(intptr_t)data;
  for (;;) {
    struct client *client = calloc(1, sizeof *client);
    client->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    size_t size = sizeof client->request;
    bool valid = client->fd >= 0 && recv(client->fd, &client->request, size, MSG_WAITALL) == (ssize_t)size &&
                 client->request.magic == BOXER_WIRE_MAGIC;
    if (valid) log_request(&client->request);
    if (valid && client->request.operation == BOXER_CONNECT) later_asked(&client->request);
    pthread_t thread;
    if (valid && pthread_create(&thread, NULL, serve, client) == 0) {
      pthread_detach(thread);
      continue;
    }
    if (client->fd >= 0) close(client->fd);
    free(client);
  }
  return NULL;
}

static int listen_as(struct sockaddr_un *address, const char *name) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s", name);
  if (bind(fd, (struct sockaddr *)address, (socklen_t)(sizeof address->sun_family + 1 + (size_t)length)) < 0)
    die("bind");
  listen(fd, 128);
  return fd;
}

/* supervisor --again <log> <name> <hostname>: replaces a supervisor that has died, with a new table. Prints
 * "ready", and runs until it is killed. */
static int come_back(char **argv) {
  make_table();
  snprintf(table->hostname, sizeof table->hostname, "%s", argv[4]);
  log_fd = open(argv[2], O_WRONLY | O_APPEND | O_CLOEXEC);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int listener = listen_as(&address, argv[3]);
  if (write(1, "ready", 5) == 5) serve_all((void *)(intptr_t)listener);
  return 99;
}

int main(int argc, char **argv) {
  if (argc < 4) return 99;
  if (argc == 5 && strcmp(argv[1], "--again") == 0) return come_back(argv);
  make_network();
  make_table();
  log_fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) die(argv[2]);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char name[64];
  snprintf(name, sizeof name, "boxer-test-%d", getpid());
  int listener = listen_as(&address, name);
  pid_t child = fork();
  if (child == 0) {
    char setting[128];
    snprintf(setting, sizeof setting, "@%s", address.sun_path + 1);
    char self[4096] = {0};
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) die("/proc/self/exe");
    setenv("BOXER_TEST_SUPERVISOR", self, 1);
    setenv("BOXER_TEST_LOG", argv[2], 1);
    setenv("BOXER_TEST_SOCKET", setting, 1);
    if (strcmp(argv[1], "native") != 0) {
      setenv("BOXER_SOCKET", setting, 1);
      setenv("BOXER_TEST_SOCKET", setting, 1);
      setenv("LD_PRELOAD", argv[1], 1);
    }
    execvp(argv[3], argv + 3);
    die(argv[3]);
  }
  pthread_t thread;
  pthread_create(&thread, NULL, serve_all, (void *)(intptr_t)listener);
  int status;
  while (waitpid(child, &status, 0) < 0) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
