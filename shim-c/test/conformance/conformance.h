/*
 * Conformance cases: each prints a transcript of what a guest sees of its sockets. A case has a server's side
 * and a client's side, in separate processes that may run on two nodes. The transcripts must be the same
 * natively and under the monitor.
 */
#ifndef BOXER_CONFORMANCE_H
#define BOXER_CONFORMANCE_H

#include <signal.h>
#include <sys/epoll.h>

#include "../check.h"

/* The ways in which connections arrive. A case is skipped, with a reason, for ways by which its transcript
 * cannot be the same as the kernel's. */
enum transport { DIRECT = 1, ASKED = 2, SIGNAL = 4, PUNCH = 8, RELAY = 16, BROUGHT = SIGNAL | PUNCH | RELAY };

struct conformance_case {
  const char *name;
  const char *what; /* for the table in docs/conformance.md */
  void (*server)(void);
  void (*client)(void); /* NULL: there is none */
  int without;          /* transports that it does not hold for */
  const char *why;
};

extern const struct conformance_case connect_cases[];
extern const struct conformance_case interrupted_cases[];
extern const struct conformance_case source_cases[];
extern const struct conformance_case accept_cases[];
extern const struct conformance_case waiting_cases[];
extern const struct conformance_case sharing_cases[];
extern const struct conformance_case queue_cases[];
extern const struct conformance_case limit_cases[];
extern const struct conformance_case address_cases[];
extern const struct conformance_case own_cases[];
extern const struct conformance_case option_cases[];
extern const struct conformance_case stream_cases[];

/* The reason of cases in which the listener is closed without a hint, or was never for IPv4. */
#define LATE "established, then reset: both ends have punched when the listener refuses"

/* The addresses of this run. */
extern const char *far_end;     /* the server's node, as the client calls it */
extern const char *client_seen; /* the client's node, as the server sees it */
extern const char *server_own;  /* the server's node, as it calls itself */
extern const char *client_own;
extern const char *foreign; /* a node that is neither */
extern const char *self_program;
extern bool is_server;

/* Prints a line of the transcript. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "what: result", with the text of errno if the result is negative. Returns the result. */
int say_result(const char *what, int result);
/* Prints whether the address is the expected one, because addresses differ between the runs, and whether its
 * port is `port`. The expected address is the other side's if `what` is "peer" or "from", and otherwise this
 * side's own. */
void say_name(const char *what, const char *text, int port);
void say_events(const char *what, unsigned events);

/* Waits until the other side calls meet() as well. */
void meet(void);
void give_number(int number);
int take_number(void);

/* Makes a listener, and tells its port to the other side. */
int serve_at(int family, int flags, int backlog);
/* As serve_at(), with `prepare` called before it listens. */
int serve_prepared(int family, int flags, int backlog, void (*prepare)(int fd));
/* Waits for the port that the other side tells, and returns it. */
int far_port(void);
int connect_far(int fd, int port);
int tcp_socket(int flags);
/* Connects to a port of the far end. A failure is printed in the transcript. */
int connected(int port);
/* Reads until the end of the stream, and prints the number of bytes and the bytes. */
void say_read(const char *what, int fd);
/* Echoes all bytes until the end of the stream, and closes the socket. Returns the number of bytes. */
int echo_and_close(int fd);
/* Sends `text`, shuts down the sending side, and prints what is received. */
void exchange_echo(int fd, const char *text);
int socket_error(int fd);
void pause_ms(int milliseconds);

#endif
