/*
 * Conformance cases: what a guest sees of its sockets, told as a transcript. Each case has a server's side
 * and a client's, in processes of their own, perhaps on two nodes; run natively and under the monitor, the
 * transcripts must be the same.
 */
#ifndef BOXER_CONFORMANCE_H
#define BOXER_CONFORMANCE_H

#include <signal.h>
#include <sys/epoll.h>

#include "../check.h"

/* How connections may arrive; a case is left out where its transcript cannot be the kernel's, and says why.
 */
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

/* A listener that ends without a word, or was never for IPv4. */
#define LATE "established, then reset: both ends have punched when the listener refuses"

/* Addresses of this run. */
extern const char *far_end;     /* the server's node, as the client calls it */
extern const char *client_seen; /* the client's node, as the server sees it */
extern const char *server_own;  /* the server's node, as it calls itself */
extern const char *client_own;
extern const char *foreign; /* a node that is neither */
extern const char *self_program;
extern bool is_server;

/* A line of the transcript. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "what: result", with errno's text when it is negative; gives the result. */
int say_result(const char *what, int result);
/* Addresses differ between the runs: whether it is the one to be expected (of a "peer" or "from" the other
 * side's, of all others this side's own), else which; and whether its port is `port`. */
void say_name(const char *what, const char *text, int port);
void say_events(const char *what, unsigned events);

/* Both sides wait for each other here. */
void meet(void);
void give_number(int number);
int take_number(void);

/* A listener whose port the other side learns. */
int serve_at(int family, int flags, int backlog);
/* As serve_at(), with `prepare` called before it listens. */
int serve_prepared(int family, int flags, int backlog, void (*prepare)(int fd));
/* The other side's port; far_port() waits for it. */
int far_port(void);
int connect_far(int fd, int port);
int tcp_socket(int flags);
/* A connection to a port of the far end; the transcript tells when there is none. */
int connected(int port);
/* Reads until the end or `size` bytes; says how many and which. */
void say_read(const char *what, int fd);
/* Writes what it reads, until the end, and closes; gives the number of bytes. */
int echo_and_close(int fd);
/* Sends `text`, ends, and says what comes back. */
void exchange_echo(int fd, const char *text);
int socket_error(int fd);
void pause_ms(int milliseconds);

#endif
