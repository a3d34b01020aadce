/* A listener that is shared by fork, exec, SCM_RIGHTS and threads, and ports that are shared by SO_REUSEPORT.
 */
#include <pthread.h>

#include "conformance.h"

#define CLIENTS 6

static void many_clients(void) {
  int port = far_port();
  meet();
  for (int i = 0; i < CLIENTS; i++) exchange_echo(connected(port), "hello");
}

static void one_client(void) { exchange_echo(connected(far_port()), "hello"); }

static int ended_well(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0;
}

static void *accept_in_thread(void *data) {
  int fd = accept(*(int *)data, NULL, NULL);
  if (fd >= 0) echo_and_close(fd);
  return fd >= 0 ? data : NULL;
}

static void threads(void) {
  int server = serve_at(AF_INET, 0, 8);
  pthread_t pool[CLIENTS];
  for (int i = 0; i < CLIENTS; i++) pthread_create(&pool[i], NULL, accept_in_thread, &server);
  meet();
  int accepted = 0;
  for (int i = 0; i < CLIENTS; i++) {
    void *result = NULL;
    pthread_join(pool[i], &result);
    accepted += result != NULL;
  }
  say("accepted: %d", accepted);
}

/* Workers block in accept(). The exit of one of them does not affect the others. */
static void prefork(void) {
  int server = serve_at(AF_INET, 0, 8);
  pid_t leaving = fork();
  if (leaving == 0) {
    close(server);
    _exit(0);
  }
  say("left: %d", ended_well(leaving));
  pid_t workers[CLIENTS];
  for (int i = 0; i < CLIENTS; i++) {
    workers[i] = fork();
    if (workers[i] != 0) continue;
    int fd = accept(server, NULL, NULL);
    if (fd >= 0) echo_and_close(fd);
    _exit(fd < 0);
  }
  close(server);
  meet();
  int well = 0;
  for (int i = 0; i < CLIENTS; i++) well += ended_well(workers[i]);
  say("accepted: %d", well);
}

static void send_descriptor(int over, int fd) {
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {.iov_base = "x", .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (sendmsg(over, &message, 0) != 1) say_result("sendmsg", -1);
}

static int receive_descriptor(int over) {
  char byte, control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec part = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  int fd = -1;
  if (recvmsg(over, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

static int bound_listener(void) {
  int server = tcp_socket(0);
  say_result("bind", bind_at(server, server_own, 0));
  say_result("listen", listen(server, 8));
  return server;
}

/* The listener is passed over a socket: the process that accepts has not bound it. */
static void passed(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  pid_t child = fork();
  if (child == 0) {
    int server = receive_descriptor(pair[1]);
    say_name("listener", local_of(server), port_of(server));
    give_number(port_of(server));
    int fd = accept(server, NULL, NULL);
    say_name("peer", peer_of(fd), 0);
    say_name("local", local_of(fd), port_of(server));
    echo_and_close(fd);
    _exit(0);
  }
  int server = bound_listener();
  send_descriptor(pair[0], server);
  close(server);
  say("well: %d", ended_well(child));
}

#define LISTEN_FD 30

/* Runs in the program that executed() starts, which finds this function by its name among the cases. */
static void after_exec(void) {
  say_name("listener", local_of(LISTEN_FD), port_of(LISTEN_FD));
  give_number(port_of(LISTEN_FD));
  int fd = accept(LISTEN_FD, NULL, NULL);
  say_name("peer", peer_of(fd), 0);
  echo_and_close(fd);
}

static void executed(void) {
  if (fcntl(LISTEN_FD, F_GETFD) >= 0) {
    after_exec();
    return;
  }
  int server = bound_listener();
  dup2(server, LISTEN_FD);
  close(server);
  execl(self_program, self_program, "server", "share-exec", far_end, client_seen, server_own, client_own,
        foreign, NULL);
  say_result("exec", -1);
}

#define CONNECTION_FD 31

/* As inetd and sshd do: another program gets the connection, and asks for its names. */
static void hand_to_program(int fd, int port, const char *side, const char *name) {
  dup2(fd, CONNECTION_FD);
  close(fd);
  char text[16];
  snprintf(text, sizeof text, "%d", port);
  setenv("CONNECTION_PORT", text, 1);
  execl(self_program, self_program, side, name, far_end, client_seen, server_own, client_own, foreign, NULL);
  say_result("exec", -1);
}

static bool was_handed(void) { return fcntl(CONNECTION_FD, F_GETFD) >= 0; }

static void connection_executed(void) {
  if (was_handed()) {
    say_name("local", local_of(CONNECTION_FD), atoi(getenv("CONNECTION_PORT")));
    say_name("peer", peer_of(CONNECTION_FD), 0);
    say_name("local again", local_of(CONNECTION_FD), atoi(getenv("CONNECTION_PORT")));
    echo_and_close(CONNECTION_FD);
    return;
  }
  int server = serve_at(AF_INET, 0, 8);
  hand_to_program(accept(server, NULL, NULL), port_of(server), "server", "share-connection");
}

static void client_executed(void) {
  if (was_handed()) {
    say_name("peer", peer_of(CONNECTION_FD), atoi(getenv("CONNECTION_PORT")));
    say_name("local", local_of(CONNECTION_FD), port_of(CONNECTION_FD));
    exchange_echo(CONNECTION_FD, "hello");
    return;
  }
  int port = far_port();
  hand_to_program(connected(port), port, "client", "share-connection");
}

/* The connection is passed over a socket: the process that gets it has not accepted it. */
static void connection_passed(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  int server = serve_at(AF_INET, 0, 8);
  int port = port_of(server);
  pid_t child = fork();
  if (child == 0) {
    int fd = receive_descriptor(pair[1]);
    say_name("local", local_of(fd), port);
    say_name("peer", peer_of(fd), 0);
    echo_and_close(fd);
    _exit(0);
  }
  int fd = accept(server, NULL, NULL);
  send_descriptor(pair[0], fd);
  close(fd);
  say("well: %d", ended_well(child));
}

static void reuse_port(int fd) {
  int one = 1;
  say_result("SO_REUSEPORT", setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one));
}

/* The kernel chooses the listener that gets a connection. No connection may be lost. */
static void reused(void) {
  int servers[2] = {serve_prepared(AF_INET, SOCK_NONBLOCK, 8, reuse_port), tcp_socket(SOCK_NONBLOCK)};
  reuse_port(servers[1]);
  say_result("bind", bind_at(servers[1], "0.0.0.0", port_of(servers[0])));
  say_result("listen", listen(servers[1], 8));
  struct pollfd waits[2] = {{.fd = servers[0], .events = POLLIN}, {.fd = servers[1], .events = POLLIN}};
  meet();
  int accepted = 0;
  while (accepted < CLIENTS && poll(waits, 2, 5000) > 0)
    for (int i = 0; i < 2; i++) {
      int fd = accept(servers[i], NULL, NULL);
      if (fd < 0) continue;
      accepted++;
      fcntl(fd, F_SETFL, 0);
      echo_and_close(fd);
    }
  say("accepted: %d", accepted);
}

/* Without the option, a second listener is refused on any address. */
static void taken(void) {
  int server = serve_at(AF_INET, 0, 8);
  int second = tcp_socket(0);
  say_result("wildcard", bind_at(second, "0.0.0.0", port_of(server)));
  say_result("own address", bind_at(second, server_own, port_of(server)));
  say_result("loopback", bind_at(second, "127.0.0.1", port_of(server)));
  echo_and_close(accept(server, NULL, NULL));
}

const struct conformance_case sharing_cases[] = {
    {"share-threads", "six threads block in accept", threads, many_clients, 0, NULL},
    {"share-prefork", "six forked workers block in accept, the parent closes", prefork, many_clients, 0,
     NULL},
    {"share-passed", "a listener passed by SCM_RIGHTS keeps its name", passed, one_client, 0, NULL},
    {"share-exec", "a listener inherited over exec keeps its name", executed, one_client, 0, NULL},
    {"share-connection", "a connection inherited over exec keeps its names, at both ends",
     connection_executed, client_executed, 0, NULL},
    {"share-connection-passed", "a connection passed by SCM_RIGHTS keeps its names", connection_passed,
     one_client, 0, NULL},
    {"share-reuseport", "two listeners on one port", reused, many_clients, 0, NULL},
    {"share-taken", "EADDRINUSE", taken, one_client, 0, NULL},
    {0}};
