/* connect() from a port that the guest has chosen: the other end sees this port, and each far end can only be
 * connected to once from it. */
#include "conformance.h"

static int socket_on(int port) {
  int fd = tcp_socket(0);
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind_at(fd, "0.0.0.0", port) < 0) say_result("bind", -1);
  return fd;
}

static void serve_two(void) {
  int servers[2] = {serve_at(AF_INET, 0, 8), serve_at(AF_INET, 0, 8)};
  int source = take_number();
  for (int i = 0; i < 2; i++) {
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    int fd = accept(servers[i], (struct sockaddr *)&from, &size);
    say_name("from", text_of(&from), source);
    say_name("peer", peer_of(fd), source);
    echo_and_close(fd);
  }
}

static void from_chosen_port(void) {
  int ports[2] = {far_port(), far_port()};
  int first = socket_on(0);
  int source = port_of(first);
  int second = socket_on(source);
  int third = socket_on(source);
  give_number(source);
  say_result("connect", connect_far(first, ports[0]));
  say_name("local", local_of(first), source);
  say_result("connect to the same", connect_far(second, ports[0]));
  say_result("connect to another", connect_far(third, ports[1]));
  exchange_echo(first, "hello");
  exchange_echo(third, "hello");
}

const struct conformance_case source_cases[] = {
    {"source-chosen", "a port that was bound before connect(): seen by the far end, and EADDRNOTAVAIL",
     serve_two, from_chosen_port, 0, NULL},
    {0}};
