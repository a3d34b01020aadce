/* Addresses: names before and after a connection, all forms of bind(), IPv6 and IPv4-mapped addresses. */
#include <sys/mman.h>

#include "conformance.h"

static void one_client(void) { exchange_echo(connected(far_port()), "hello"); }

static void unbound(void) {
  int fd = tcp_socket(0);
  say_name("local", local_of(fd), 0);
  say_name("peer", peer_of(fd), 0);
  say_result("bind port 0", bind_at(fd, "0.0.0.0", 0));
  say_name("bound", local_of(fd), port_of(fd));
  say_result("bind again", bind_at(fd, "0.0.0.0", 0));
  say_name("peer", peer_of(fd), 0);
}

static void own(void) {
  int server = tcp_socket(0);
  say_result("bind", bind_at(server, server_own, 0));
  int port = port_of(server);
  say_name("bound", local_of(server), port);
  say_result("listen", listen(server, 8));
  say_name("listens", local_of(server), port);
  int second = tcp_socket(0);
  say_result("taken", bind_at(second, server_own, port));
  int copy = dup(server);
  say_name("copy", local_of(copy), port);
  give_number(port);
  int fd = accept(copy, NULL, NULL);
  say_name("local", local_of(fd), port);
  echo_and_close(fd);
}

static void loopback(void) {
  int server = tcp_socket(0);
  say_result("bind", bind_at(server, "127.0.0.1", 0));
  say_result("listen", listen(server, 8));
  say_name("bound", local_of(server), port_of(server));
  give_number(port_of(server));
  int fd = tcp_socket(0);
  say_result("from here", connect_at(fd, "127.0.0.1", port_of(server)));
  say_name("peer", peer_of(fd), port_of(server));
  meet();
}

static void refused(void) {
  int port = far_port();
  int fd = tcp_socket(0);
  say_result("connect", connect_far(fd, port));
  close(fd);
  meet();
}

/* As many servers do with "bind <own address> 127.0.0.1", in both orders. */
static void both(void) {
  static const int first_own[] = {1, 0};
  int servers[4];
  for (int i = 0; i < 2; i++) {
    int *pair = &servers[2 * i];
    pair[0] = tcp_socket(0);
    pair[1] = tcp_socket(0);
    say_result("first", bind_at(pair[0], first_own[i] ? server_own : "127.0.0.1", 0));
    int port = port_of(pair[0]);
    say_result("listen", listen(pair[0], 8));
    say_result("second", bind_at(pair[1], first_own[i] ? "127.0.0.1" : server_own, port));
    say_result("listen", listen(pair[1], 8));
    for (int side = 0; side < 2; side++) say_name("listens", local_of(pair[side]), port);
    give_number(port);
    /* The client reaches the socket that serves the own address. */
    echo_and_close(accept(pair[first_own[i] ? 0 : 1], NULL, NULL));
  }
}

static void two_clients(void) {
  for (int i = 0; i < 2; i++) one_client();
}

static void elsewhere(void) {
  int fd = tcp_socket(0);
  say_result("another node", bind_at(fd, foreign, 0));
  say_result("nobody", bind_at(fd, "203.0.113.9", 0));
  say_name("local", local_of(fd), 0);
  struct sockaddr_in own_address = at(server_own, 0);
  say_result("short", bind(fd, (struct sockaddr *)&own_address, 8));
  say_result("bad descriptor", bind(199, (struct sockaddr *)&own_address, sizeof own_address));
  say_result("bind", bind(fd, (struct sockaddr *)&own_address, sizeof own_address));
  say_result("bind again", bind(fd, (struct sockaddr *)&own_address, sizeof own_address));
}

static void wrong_pointers(void) {
  int server = serve_at(AF_INET, 0, 8);
  int fd = accept(server, NULL, NULL);
  void *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct sockaddr_storage name;
  socklen_t size = sizeof name;
  say_result("bind", bind(tcp_socket(0), none, sizeof(struct sockaddr_in)));
  say_result("connect", connect(tcp_socket(0), none, sizeof(struct sockaddr_in)));
  say_result("connect to null", connect(tcp_socket(0), NULL, sizeof(struct sockaddr_in)));
  say_result("own name", getsockname(fd, none, &size));
  say_result("own length", getsockname(fd, (struct sockaddr *)&name, none));
  say_result("peer's name", getpeername(fd, none, &size));
  say_result("peer's length", getpeername(fd, (struct sockaddr *)&name, none));
  say_result("null", getpeername(fd, NULL, NULL));
  size = (socklen_t)-1;
  say_result("negative", getpeername(fd, (struct sockaddr *)&name, &size));
  size = 3;
  say_result("cut", getpeername(fd, (struct sockaddr *)&name, &size));
  say("length: %d", (int)size);
  echo_and_close(fd);
}

static void dual_stack(void) {
  int server = serve_at(AF_INET6, 0, 8);
  say_name("listens", local_of(server), port_of(server));
  struct sockaddr_storage from = {0};
  socklen_t size = sizeof from;
  int fd = accept(server, (struct sockaddr *)&from, &size);
  say("family: %d, length: %d", from.ss_family == AF_INET6, (int)size);
  say_name("from", text_of(&from), 0);
  say_name("local", local_of(fd), port_of(server));
  say_name("peer", peer_of(fd), 0);
  int copy = dup(fd);
  close(fd);
  say_name("copy", local_of(copy), port_of(server));
  echo_and_close(copy);
}

static int mapped_connect(int port) {
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 to = mapped_at(far_end, port);
  say_result("connect", connect(fd, (struct sockaddr *)&to, sizeof to));
  return fd;
}

static void mapped_client(void) {
  int port = far_port();
  int fd = mapped_connect(port);
  say_name("peer", peer_of(fd), port);
  say_name("local", local_of(fd), port_of(fd));
  struct sockaddr_in6 to = mapped_at(far_end, port);
  say_result("again", connect(fd, (struct sockaddr *)&to, sizeof to));
  exchange_echo(fd, "hello");
}

static void only_six(int fd) {
  int one = 1;
  say_result("IPV6_V6ONLY", setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one));
}

static void six_alone(void) {
  int server = serve_prepared(AF_INET6, 0, 8, only_six);
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 here = {.sin6_family = AF_INET6,
                              .sin6_port = htons((uint16_t)port_of(server)),
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  say("from here: %d", connect(fd, (struct sockaddr *)&here, sizeof here));
  meet();
}

static void mapped_own(void) {
  int server = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 address = mapped_at(server_own, 0);
  say_result("bind", bind(server, (struct sockaddr *)&address, sizeof address));
  say_result("listen", listen(server, 8));
  say_name("listens", local_of(server), port_of(server));
  give_number(port_of(server));
  int fd = accept(server, NULL, NULL);
  say_name("local", local_of(fd), port_of(server));
  echo_and_close(fd);
}

const struct conformance_case address_cases[] = {
    {"address-unbound", "names before, bind to port 0, bind twice", unbound, NULL, 0, NULL},
    {"address-own", "a listener on the node's own address", own, one_client, 0, NULL},
    {"address-loopback", "a listener on loopback is not reached from outside", loopback, refused, 0, NULL},
    {"address-both", "one port on the own address and on loopback, in both orders", both, two_clients, 0,
     NULL},
    {"address-foreign", "EADDRNOTAVAIL, and the socket is as before", elsewhere, NULL, 0, NULL},
    {"address-efault", "wrong pointers", wrong_pointers, one_client, 0, NULL},
    {"address-dual", "a dual-stack listener, an IPv4 client", dual_stack, one_client, 0, NULL},
    {"address-mapped", "an AF_INET6 client of a mapped address", dual_stack, mapped_client, 0, NULL},
    {"address-mapped-four", "the same to an AF_INET listener", own, mapped_client, 0, NULL},
    {"address-mapped-own", "an AF_INET6 listener on the mapped own address", mapped_own, one_client, 0, NULL},
    {"address-six-only", "IPV6_V6ONLY is not reached by IPv4", six_alone, refused, PUNCH, LATE},
    {0}};
