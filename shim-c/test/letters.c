/* A transcript of Unix sockets with paths below <folder>: which socket is reached, and which addresses the
 * guest sees. Paths are printed relative to the folder. */
#include <stddef.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "check.h"

static const char *folder;

static socklen_t to_address(const char *name, struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (name[0] == '@') {
    memcpy(address->sun_path + 1, name + 1, strlen(name + 1));
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
  }
  size_t length = strlen(name);
  memcpy(address->sun_path, name, length < sizeof address->sun_path ? length : sizeof address->sun_path);
  return length < sizeof address->sun_path ? sizeof *address
                                           : (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static const char *in(const char *name) {
  static char rooms[4][200];
  static int turn;
  char *room = rooms[turn++ % 4];
  snprintf(room, sizeof rooms[0], "%s/%s", folder, name);
  return room;
}

/* A path of 108 bytes, which leaves no room for a NUL in an address. */
static const char *longest(char letter) {
  static char rooms[4][200];
  static int turn;
  char *room = rooms[turn++ % 4];
  size_t length = (size_t)snprintf(room, sizeof rooms[0], "%s/", folder);
  memset(room + length, letter, 108 - length);
  room[108] = 0;
  return room;
}

static void say(const char *what, long result) {
  printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "", result < 0 ? strerror(errno) : "");
}

/* Prints an address. `length` is the length that the kernel has reported, which may be more than `room`. */
static void tell(const char *what, const void *bytes, socklen_t length, socklen_t room) {
  const struct sockaddr_un *address = bytes;
  socklen_t there = length < room ? length : room;
  printf("%s: %u bytes ", what, length);
  if (there > offsetof(struct sockaddr_un, sun_path)) {
    char path[200] = {0};
    memcpy(path, address->sun_path, there - offsetof(struct sockaddr_un, sun_path));
    if (path[0] == 0) path[0] = '@';
    const char *end = strncmp(path, folder, strlen(folder)) == 0 ? path + strlen(folder) : path;
    /* A truncated path differs between the two folders, so it is not printed. */
    printf("%s", length > room ? "(cut)" : end);
  }
  printf("\n");
}

static int bound(int type, const char *name) {
  struct sockaddr_un address;
  socklen_t length = to_address(name, &address);
  int fd = socket(AF_UNIX, type, 0);
  if (bind(fd, (struct sockaddr *)&address, length) < 0) printf("bind: %s\n", strerror(errno));
  return fd;
}

static long send_by(int way, int fd, const char *name) {
  struct sockaddr_un address;
  socklen_t length = to_address(name, &address);
  char byte = 'x';
  struct iovec part = {&byte, 1};
  struct mmsghdr messages[2] = {0};
  for (int i = 0; i < 2; i++)
    messages[i].msg_hdr =
        (struct msghdr){.msg_name = &address, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
  if (way == 0) return sendto(fd, &byte, 1, 0, (struct sockaddr *)&address, length);
  if (way == 1) return sendmsg(fd, &messages[0].msg_hdr, 0);
  return sendmmsg(fd, messages, 2, 0);
}

static void receive_by(int way, int fd, socklen_t room) {
  char from[200];
  char byte;
  memset(from, 'z', sizeof from);
  struct iovec part = {&byte, 1};
  struct mmsghdr message = {
      .msg_hdr = {.msg_name = from, .msg_namelen = room, .msg_iov = &part, .msg_iovlen = 1}};
  socklen_t length = room;
  long result = -1;
  if (way == 0) result = recvfrom(fd, &byte, 1, MSG_DONTWAIT, (struct sockaddr *)from, &length);
  if (way == 1) result = recvmsg(fd, &message.msg_hdr, MSG_DONTWAIT);
  if (way == 2) result = recvmmsg(fd, &message, 1, MSG_DONTWAIT, NULL);
  if (way > 0) length = message.msg_hdr.msg_namelen;
  say("received", result);
  if (result >= 0) tell("from", from, length, room);
  printf("untouched: %d\n", from[room] == 'z');
}

static void datagrams(void) {
  static const char *const names[] = {"sender", "@boxer-test-abstract", "relative", ""};
  int server = bound(SOCK_DGRAM, in("server"));
  say("is a socket", ({
        struct stat found;
        stat(in("server"), &found) == 0 && S_ISSOCK(found.st_mode);
      }));
  for (int who = 0; who < 4; who++) {
    int client =
        who == 3 ? socket(AF_UNIX, SOCK_DGRAM, 0) : bound(SOCK_DGRAM, who == 0 ? in(names[0]) : names[who]);
    for (int way = 0; way < 3; way++)
      for (int small = 0; small < (way == 2 ? 1 : 3); small++) {
        say("sent", send_by(way, client, in("server")));
        receive_by(way, server, (socklen_t[]){sizeof(struct sockaddr_un), 9, 0}[small]);
        if (way == 2) receive_by(way, server, 150);
      }
    say("sent by a relative path", send_by(0, client, "server"));
    receive_by(1, server, sizeof(struct sockaddr_un));
    close(client);
  }
  int client = bound(SOCK_DGRAM, in("another"));
  say("sent to nobody", send_by(0, client, in("nobody")));
  say("sent to nobody", send_by(1, client, in("nobody")));
  say("several to nobody", send_by(2, client, in("nobody")));
  close(server);
  say("sent to one who has gone", send_by(0, client, in("server")));
  close(client);
}

/* Credentials are sent with the bytes, independently of the address that is reported as the sender's. */
static void credentials(void) {
  int server = bound(SOCK_DGRAM, in("credentials"));
  int client = bound(SOCK_DGRAM, in("presenting"));
  int yes = 1;
  setsockopt(server, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  say("sent", send_by(1, client, in("credentials")));
  char byte;
  char control[256];
  struct sockaddr_un from;
  struct iovec part = {&byte, 1};
  for (int small = 0; small < 2; small++) {
    if (small) send_by(1, client, in("credentials"));
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = small ? 5 : sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    say("received", recvmsg(server, &message, MSG_DONTWAIT));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    struct ucred who = {0};
    if (header && header->cmsg_type == SCM_CREDENTIALS) memcpy(&who, CMSG_DATA(header), sizeof who);
    printf("by this process: %d, flags %d, %zu bytes of control\n", who.pid == getpid(), message.msg_flags,
           (size_t)message.msg_controllen);
  }
  close(server);
  close(client);
}

static void streams(void) {
  int server = bound(SOCK_STREAM, in("stream"));
  say("listen", listen(server, 4));
  for (int named = 0; named < 2; named++) {
    struct sockaddr_un address;
    socklen_t length = to_address(named ? in("stream") : "stream", &address);
    int client = named ? bound(SOCK_STREAM, in("caller")) : socket(AF_UNIX, SOCK_STREAM, 0);
    say("connect", connect(client, (struct sockaddr *)&address, length));
    struct sockaddr_storage found;
    socklen_t room = sizeof found;
    int accepted = accept(server, (struct sockaddr *)&found, &room);
    tell("accepted", &found, room, sizeof found);
    room = sizeof found;
    say("peer", getpeername(client, (struct sockaddr *)&found, &room));
    tell("peer", &found, room, sizeof found);
    room = sizeof found;
    say("peer", getpeername(accepted, (struct sockaddr *)&found, &room));
    tell("peer", &found, room, sizeof found);
    room = 7;
    say("name", getsockname(client, (struct sockaddr *)&found, &room));
    tell("name", &found, room, 7);
    close(client);
    close(accepted);
  }
  close(server);
}

static void long_paths(void) {
  int server = bound(SOCK_DGRAM, longest('d'));
  say("is a socket", ({
        struct stat found;
        stat(longest('d'), &found) == 0 && S_ISSOCK(found.st_mode);
      }));
  int client = bound(SOCK_DGRAM, in("short"));
  for (int way = 0; way < 2; way++) {
    say("sent", send_by(way, client, longest('d')));
    receive_by(way, server, sizeof(struct sockaddr_un));
  }
  close(bound(SOCK_DGRAM, longest('d')));
  int listening = bound(SOCK_STREAM, longest('s'));
  say("listen", listen(listening, 1));
  struct sockaddr_un address;
  socklen_t length = to_address(longest('s'), &address);
  int stream = socket(AF_UNIX, SOCK_STREAM, 0);
  say("connect", connect(stream, (struct sockaddr *)&address, length));
  say("accept", accept(listening, NULL, NULL) >= 0);
  length = to_address(longest('n'), &address);
  say("connect to nobody", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, length));
  say("removed", unlink(longest('d')));
  say("descriptors", count_fds());
}

int main(int argc, char **argv) {
  if (argc != 2) return 99;
  folder = argv[1];
  say("chdir", chdir(folder));
  datagrams();
  credentials();
  streams();
  long_paths();
  return 0;
}
