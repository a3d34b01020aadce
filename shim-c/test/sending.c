/*
 * A transcript of sending data with an address, which must be the same natively and under the monitor:
 *   sending streams|datagrams <address of the far end>
 * What only the monitor does: sending closed
 */
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "../service-wire.h"
#include "check.h"

static const char *far_end;

static void say(const char *what, long result) {
  int error = errno;
  printf("%s: %ld %s\n", what, result, result < 0 ? strerror(error) : "");
  fflush(stdout);
}

static void say_received(const char *what, int fd) {
  char text[64] = "";
  long got = recv(fd, text, sizeof text - 1, 0);
  printf("%s: %ld %s\n", what, got, got < 0 ? strerror(errno) : text);
  fflush(stdout);
}

static struct msghdr message_of(struct iovec *part, const char *text, void *name, socklen_t length) {
  *part = (struct iovec){.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
  return (struct msghdr){.msg_name = name, .msg_namelen = length, .msg_iov = part, .msg_iovlen = 1};
}

/* A listener with TCP Fast Open: it accepts data with the SYN, and issues cookies. */
static int fast_listener(int *port) {
  int sysctl = open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY);
  if (sysctl >= 0 && write(sysctl, "3", 1) != 1) perror("tcp_fastopen");
  if (sysctl >= 0) close(sysctl);
  int server = listener(AF_INET, 0, port);
  int queue = 8;
  setsockopt(server, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue);
  return server;
}

static void fast_open(int way, int flags) {
  int port;
  int server = fast_listener(&port);
  struct sockaddr_in to = at(far_end, port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct iovec part;
  struct msghdr message = message_of(&part, "hello", &to, sizeof to);
  if (way == 0)
    say("sendto", sendto(fd, "hello", 5, MSG_FASTOPEN | flags, (struct sockaddr *)&to, sizeof to));
  if (way == 1) say("sendmsg", sendmsg(fd, &message, MSG_FASTOPEN | flags));
  if (way == 2)
    say("through syscall", syscall(SYS_sendto, fd, "hello", 5, MSG_FASTOPEN | flags, &to, sizeof to));
  int accepted = accept(server, NULL, NULL);
  say_received("received", accepted);
  say("again", sendto(fd, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to));
  say("address of a connected stream", sendto(fd, "more", 4, 0, (struct sockaddr *)&to, sizeof to));
  say_received("received", accepted);
  close(accepted);
  close(fd);
  close(server);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  say("refused", sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to));
  close(fd);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  say("not connected", sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to));
  close(fd);
}

/* Connects twice: the first connection gets the cookie with which the second one defers its SYN. */
static void fast_connect(void) {
  int port;
  int server = fast_listener(&port);
  for (int round = 0; round < 2; round++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    say("TCP_FASTOPEN_CONNECT", setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof one));
    say("connect", connect_at(fd, far_end, port));
    say("write", write(fd, "hello", 5));
    int accepted = accept(server, NULL, NULL);
    say_received("received", accepted);
    say("connect again", connect_at(fd, far_end, port));
    close(accepted);
    close(fd);
  }
  close(server);
}

static void nonblocking(void) {
  int port;
  int server = fast_listener(&port);
  struct sockaddr_in to = at(far_end, port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  long result = sendto(fd, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to);
  bool pending = result < 0 && errno == EINPROGRESS;
  say("started", pending || result == 5);
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  say("writable", poll(&wait, 1, 2000));
  say("sent", pending ? send(fd, "hello", 5, 0) : result);
  int accepted = accept(server, NULL, NULL);
  say_received("received", accepted);
  close(accepted);
  close(fd);
  close(server);
}

static int datagram_socket(int *port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in any = at("0.0.0.0", 0);
  struct timeval limit = {.tv_sec = 2};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  CHECK(bind(fd, (struct sockaddr *)&any, sizeof any) == 0);
  *port = port_of(fd);
  return fd;
}

static void datagrams(void) {
  int port;
  int server = datagram_socket(&port);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int six = socket(AF_INET6, SOCK_DGRAM, 0);
  struct sockaddr_in to = at(far_end, port);
  struct sockaddr_in6 mapped = mapped_at(far_end, port);
  struct iovec parts[2];
  struct msghdr message = message_of(&parts[0], "two", &to, sizeof to);
  say("sendto", sendto(fd, "one", 3, 0, (struct sockaddr *)&to, sizeof to));
  say_received("received", server);
  say("sendmsg", sendmsg(fd, &message, 0));
  say_received("received", server);
  say("address is as it was", memcmp(message.msg_name, &to, sizeof to));
  say("mapped", sendto(six, "three", 5, 0, (struct sockaddr *)&mapped, sizeof mapped));
  say_received("received", server);
  struct mmsghdr many[2] = {{.msg_hdr = message_of(&parts[0], "four", &to, sizeof to)},
                            {.msg_hdr = message_of(&parts[1], "fifth", &to, sizeof to)}};
  say("sendmmsg", sendmmsg(fd, many, 2, 0));
  say("lengths", many[0].msg_len * 10 + many[1].msg_len);
  say_received("received", server);
  say_received("received", server);
  say("through syscall", syscall(SYS_sendmsg, fd, &message, 0));
  say_received("received", server);
  say("connect", connect(fd, (struct sockaddr *)&to, sizeof to));
  say("send", send(fd, "connected", 9, 0));
  say_received("received", server);
  say("short address", sendto(six, "x", 1, 0, (struct sockaddr *)&to, 3));
  say("no buffer", sendto(fd, NULL, 9, 0, (struct sockaddr *)&to, sizeof to));
  say("bad descriptor", sendto(999, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
  say("no messages", sendmmsg(fd, NULL, 0, 0));
  close(server);
  close(six);
  close(fd);
}

/* No packet to the overlay leaves by the default route. */
static void closed(void) {
  int port;
  int server = datagram_socket(&port);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in good = at(NODE_DIRECT, port);
  struct sockaddr_in own = at(SELF, port);
  struct iovec part;
  for (const char **address = (const char *[]){NODE_ASKED, NODE_UNREACHABLE, UNKNOWN, NULL}; *address;
       address++) {
    struct sockaddr_in to = at(*address, port);
    struct msghdr message = message_of(&part, "x", &to, sizeof to);
    CHECK(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == -1 && errno == EHOSTUNREACH);
    CHECK(sendmsg(fd, &message, 0) == -1 && errno == EHOSTUNREACH);
    struct mmsghdr many[2] = {{.msg_hdr = message_of(&part, "y", &good, sizeof good)}, {.msg_hdr = message}};
    CHECK(sendmmsg(fd, many, 2, 0) == 1);
    CHECK(sendmmsg(fd, many + 1, 1, 0) == -1 && errno == EHOSTUNREACH);
  }
  char text[8];
  for (int i = 0; i < 3; i++) CHECK(recv(server, text, sizeof text, 0) == 1 && *text == 'y');
  CHECK(recv(server, text, sizeof text, MSG_DONTWAIT) == -1 && errno == EAGAIN);
  CHECK(sendto(fd, "own", 3, 0, (struct sockaddr *)&own, sizeof own) == 3);
  CHECK(recv(server, text, sizeof text, 0) == 3);
  close(server);
  close(fd);
}

static int questions(void) {
  int all = 0;
  for (int operation = BOXER_TABLE; operation < 32; operation++) all += requests(operation, 0);
  return all;
}

/* Sending does not ask the supervisor, however much is sent. */
static void quiet(void) {
  int port;
  int server = listener(AF_INET, 0, &port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect_at(fd, NODE_ASKED, port) == 0);
  int accepted = accept(server, NULL, NULL);
  int before = questions();
  CHECK(before > 0);
  char bytes[64] = "";
  struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  for (int i = 0; i < 100; i++) {
    CHECK(write(fd, bytes, sizeof bytes) == sizeof bytes &&
          read(accepted, bytes, sizeof bytes) == sizeof bytes);
    CHECK(send(fd, bytes, sizeof bytes, 0) == sizeof bytes &&
          recv(accepted, bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes);
    CHECK(sendto(fd, bytes, sizeof bytes, 0, NULL, 0) == sizeof bytes);
    CHECK(recvfrom(accepted, bytes, sizeof bytes, MSG_WAITALL, NULL, NULL) == sizeof bytes);
    CHECK(sendmsg(fd, &message, 0) == sizeof bytes &&
          recvmsg(accepted, &message, MSG_WAITALL) == sizeof bytes);
    CHECK(writev(fd, &part, 1) == sizeof bytes && readv(accepted, &part, 1) == sizeof bytes);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    CHECK(poll(&wait, 1, 1000) == 1);
  }
  CHECK(questions() == before);
  close(accepted);
  close(fd);
  close(server);
}

int main(int argc, char **argv) {
  if (argc < 2) return 99;
  alarm(60);
  signal(SIGPIPE, SIG_IGN);
  if (strcmp(argv[1], "closed") == 0) {
    closed();
    quiet();
    return end("sending");
  }
  if (argc != 3) return 99;
  far_end = argv[2];
  if (strcmp(argv[1], "datagrams") == 0) {
    datagrams();
    return 0;
  }
  for (int way = 0; way < 3; way++) fast_open(way, 0);
  fast_connect();
  nonblocking();
  return 0;
}
