/*
 * What the monitor remembers about a descriptor. A mark is checked against its socket's inode whenever it is
 * read.
 */
#ifndef BOXER_MARKS_H
#define BOXER_MARKS_H

#include <stdbool.h>
#include <stdint.h>

enum mark {
  MARK_LISTENING = 1,
  MARK_OVERLAY_BOUND = 2, /* bound to the node's overlay address, which the kernel knows as the wildcard */
  MARK_ARRANGED = 4, /* connected through the supervisor: even a loopback peer may stand for another node */
  MARK_MAPPED = 8,   /* an AF_INET socket that was accepted from an AF_INET6 listener */
  MARK_SHADOWED = 16 /* the guest sees it on 127.0.0.1:marked_port(); see bind.c */
};

/* The kernel's address of MARK_SHADOWED sockets. Nobody connects to it. */
/* clang-format off */
#define SHADOW_ADDRESS {127, 66, 79, 89}
/* clang-format on */

unsigned marks_of(int fd);
void mark(int fd, unsigned marks);
void mark_port(int fd, unsigned marks, uint16_t port);
uint16_t marked_port(int fd);
void marks_copy(int from, int to);
void marks_clear(int fd);
/* True, without a system call, for nearly every descriptor that a program closes. */
bool never_marked(int fd);
/* One above the highest descriptor that was ever marked. */
int marked_limit(void);

#endif
