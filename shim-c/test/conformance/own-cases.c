/* The own address and loopback: a listener on one of them does not answer on the other. */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "conformance.h"

static int bound(int type, const char *address, int port, int option) {
  int fd = socket(AF_INET, type, 0);
  int one = 1;
  if (option) setsockopt(fd, SOL_SOCKET, option, &one, sizeof one);
  char what[64];
  snprintf(what, sizeof what, "bind %s", strcmp(address, server_own) == 0 ? "own" : address);
  say_result(what, bind_at(fd, address, port));
  return fd;
}

static int listening(const char *address, int port, int option) {
  int fd = bound(SOCK_STREAM, address, port, option);
  say_result("listen", listen(fd, 8));
  return fd;
}

/* Prints which of two listeners a connection to `address` reaches. */
static void say_answer(const char *address, int port, int own, int local) {
  int fd = tcp_socket(0);
  const char *name = strcmp(address, server_own) == 0 ? "own" : address;
  if (connect_at(fd, address, port) < 0) {
    say("%s: %s", name, strerror(errno));
  } else {
    struct pollfd both[2] = {{.fd = own, .events = POLLIN}, {.fd = local, .events = POLLIN}};
    poll(both, 2, 5000);
    say("%s: answered by %s", name, both[0].revents ? "own" : both[1].revents ? "local" : "nobody");
    if (both[0].revents || both[1].revents) close(accept(both[0].revents ? own : local, NULL, NULL));
  }
  close(fd);
}

static void answers(int port, int own, int local) {
  say_answer("127.0.0.1", port, own, local);
  say_answer("127.0.0.2", port, own, local);
  say_answer(server_own, port, own, local);
}

static void alone(void) {
  int own = listening(server_own, 0, 0);
  int port = port_of(own);
  answers(port, own, -1);
  int second = listening("127.0.0.2", port, 0);
  answers(port, own, second);
  say_name("second", local_of(second), port);
  bound(SOCK_STREAM, "0.0.0.0", port, 0);
  bound(SOCK_STREAM, server_own, port, 0);
  give_number(port);
  echo_and_close(accept(own, NULL, NULL));
}

static void beside(void) {
  static const int options[] = {0, SO_REUSEADDR, SO_REUSEPORT};
  for (int i = 0; i < 6; i++) {
    bool own_first = i % 2 == 0;
    int first = listening(own_first ? server_own : "127.0.0.1", 0, options[i / 2]);
    int port = port_of(first);
    int second = listening(own_first ? "127.0.0.1" : server_own, port, options[i / 2]);
    int own = own_first ? first : second;
    int local = own_first ? second : first;
    answers(port, own, local);
    close(own);
    answers(port, -1, local);
    close(local);
  }
}

/* Two processes, such as a server and its sidecar. */
static void elsewhere(void) {
  int own = listening(server_own, 0, 0);
  int port = port_of(own);
  pid_t child = fork();
  if (child == 0) {
    close(own);
    int local = listening("127.0.0.1", port, 0);
    say_answer("127.0.0.1", port, -1, local);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  answers(port, own, -1);
}

static void six(void) {
  int own = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 address = mapped_at(server_own, 0);
  say_result("bind mapped own", bind(own, (struct sockaddr *)&address, sizeof address));
  say_result("listen", listen(own, 8));
  int port = port_of(own);
  answers(port, own, -1);
  int local = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 loopback = {
      .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  say_result("bind ::1", bind(local, (struct sockaddr *)&loopback, sizeof loopback));
  say_result("listen", listen(local, 8));
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  say_result("connect ::1", connect(fd, (struct sockaddr *)&loopback, sizeof loopback));
  close(accept(local, NULL, NULL));
  loopback = mapped_at("127.0.0.1", port);
  int mapped = socket(AF_INET6, SOCK_STREAM, 0);
  say_result("bind mapped loopback", bind(mapped, (struct sockaddr *)&loopback, sizeof loopback));
  say_result("listen", listen(mapped, 8));
  answers(port, own, mapped);
}

static void datagrams(void) {
  int own = bound(SOCK_DGRAM, server_own, 0, 0);
  int port = port_of(own);
  int local = bound(SOCK_DGRAM, "127.0.0.1", port, 0);
  int sender = socket(AF_INET, SOCK_DGRAM, 0);
  static const char *const targets[] = {"127.0.0.1", "own"};
  for (int i = 0; i < 2; i++) {
    struct sockaddr_in to = at(i == 0 ? "127.0.0.1" : server_own, port);
    say_result("send", (int)sendto(sender, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
    struct pollfd both[2] = {{.fd = own, .events = POLLIN}, {.fd = local, .events = POLLIN}};
    poll(both, 2, 5000);
    char byte;
    say("%s: comes to %s", targets[i], both[0].revents ? "own" : both[1].revents ? "local" : "nobody");
    say_result("read", (int)recv(both[0].revents ? own : local, &byte, 1, 0));
  }
  say_name("own", local_of(own), port);
  say_name("local", local_of(local), port);
}

/* The own address identifies the interface. */
static void multicast(void) {
  int fd = bound(SOCK_DGRAM, "0.0.0.0", 0, 0);
  struct sockaddr_in group = at("239.66.1.2", port_of(fd));
  struct sockaddr_in own = at(server_own, 0);
  struct ip_mreq join = {.imr_multiaddr = group.sin_addr, .imr_interface = own.sin_addr};
  struct ip_mreqn joinn = {.imr_multiaddr = group.sin_addr, .imr_address = own.sin_addr};
  struct ip_mreq_source from = {.imr_multiaddr = at("239.66.1.3", 0).sin_addr,
                                .imr_interface = own.sin_addr,
                                .imr_sourceaddr = {htonl(INADDR_LOOPBACK)}};
  struct in_addr found = {0};
  socklen_t size = sizeof found;
  say_result("join", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join));
  say_result("join again", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &joinn, sizeof joinn));
  say_result("join a source", setsockopt(fd, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, &from, sizeof from));
  say_result("block another", setsockopt(fd, IPPROTO_IP, IP_BLOCK_SOURCE, &from, sizeof from));
  say_result("leave the source", setsockopt(fd, IPPROTO_IP, IP_DROP_SOURCE_MEMBERSHIP, &from, sizeof from));
  say_result("interface", setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &own.sin_addr, sizeof own.sin_addr));
  say_result("interface found", getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &found, &size));
  say("it is the own: %d", size == sizeof found && found.s_addr == own.sin_addr.s_addr);
  say_result("by number",
             (int)syscall(SYS_setsockopt, fd, IPPROTO_IP, IP_MULTICAST_IF, &joinn, sizeof joinn));
  say_result("send", (int)sendto(fd, "x", 1, 0, (struct sockaddr *)&group, sizeof group));
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  struct sockaddr_storage sender = {0};
  char byte;
  size = sizeof sender;
  if (poll(&wait, 1, 5000) == 1)
    say_result("came back", (int)recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&sender, &size));
  say_result("leave", setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &join, sizeof join));
  say_result("leave again", setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &join, sizeof join));
  join.imr_interface = at("203.0.113.9", 0).sin_addr;
  say_result("nobody's", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join));
  say_result("short", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, 3));
  void *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say_result("wrong pointer", setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, none, sizeof join));
}

static void one_client(void) { exchange_echo(connected(far_port()), "hello"); }

const struct conformance_case own_cases[] = {
    {"own-alone", "a listener on the own address does not answer on loopback", alone, one_client, 0, NULL},
    {"own-beside", "each of two listeners on one port answers on its own address", beside, NULL, 0, NULL},
    {"own-elsewhere", "the same for two processes", elsewhere, NULL, 0, NULL},
    {"own-six", "mapped addresses and ::1", six, NULL, 0, NULL},
    {"own-datagrams", "UDP sockets on the own address and on loopback", datagrams, NULL, 0, NULL},
    {"own-multicast", "interfaces named by the own address", multicast, NULL, 0, NULL},
    {0}};
