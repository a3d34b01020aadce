/*
 * The service wire: the protocol between the process monitor (shim) and its node supervisor.
 *
 * Each connection carries one request: the shim connects to the supervisor's Unix stream socket (an abstract
 * one, whose name is in BOXER_SOCKET), writes a boxer_request, reads a boxer_reply, and closes the
 * connection. The reply to some operations carries a file descriptor (SCM_RIGHTS). Because no connection is
 * kept, there is none that a fork, an exec, a signal handler, another thread or a guest that closes all its
 * descriptors could break, and no lock is needed.
 *
 * All integers are little endian. IPv4 addresses are four bytes in network order, and ports are in host
 * order. The TypeScript side is supervisor/service/wire.ts. Both sides are checked against
 * test/golden/service-wire.json.
 */
#ifndef BOXER_SERVICE_WIRE_H
#define BOXER_SERVICE_WIRE_H

#include <stdint.h>

#define BOXER_WIRE_MAGIC 0x31525842u /* "BXR1" */
#define BOXER_NAME_MAX 256u          /* a host name (253 bytes) and its NUL */
#define BOXER_ADDRESS_MAX 16u

enum boxer_operation {
  /* The reply carries the descriptor of the shared table: a memfd, which the shim maps read-only. */
  BOXER_TABLE = 1,
  /* A guest's socket listens (local = the address to which it is bound), or a listening descriptor was
   * closed. Both are hints: the supervisor reads the state of listeners from the kernel. The shim does not
   * wait for the reply. */
  BOXER_LISTEN = 2,
  BOXER_UNLISTEN = 3,
  /* The guest connects to overlay address `peer`; local = the address to which its socket is bound.
   * reply.peer is the address to which the kernel has to connect, or reply.error is the errno for the guest.
   * flags: BOXER_NONBLOCK, BOXER_NO_PUNCH. Reply flags: BOXER_BIND. */
  BOXER_CONNECT = 4,
  /* A signal connection was accepted: local = the listener's address, peer = the signal connection's source
   * address. The reply carries the socket of the real connection; reply.local and reply.peer are the
   * addresses that the guest sees. error EAGAIN: the real connection is gone. */
  BOXER_ACCEPT = 5,
  /* Asks for the addresses that the guest sees for an established connection: local and peer are those of the
   * kernel, reply.local and reply.peer those of the overlay. */
  BOXER_NAMES_OF = 6,
  /* Asks for the overlay addresses of `name`: reply.addresses[0..count). error ENOENT: this node knows no
   * such name. */
  BOXER_RESOLVE = 7,
  /* Asks for the name of overlay address `peer`: reply.name. error ENOENT: it has no name. */
  BOXER_REVERSE = 8,
  /* connect() to overlay address `peer` continues without its caller, whose time is up. reply.peer is an
   * address that does not answer: the shim connects the guest's socket to it, until the supervisor has
   * connected to the peer. */
  BOXER_CONNECT_LATER = 9,
  /* The socket of an earlier BOXER_CONNECT_LATER (identified by its inode) connects to that reply's peer now:
   * local = the socket's address. */
  BOXER_UNDER_WAY = 10,
  /* A write to the path in `name` failed, because the root of a function is read-only. For the log. */
  BOXER_DENIED = 11
};

enum boxer_request_flags {
  BOXER_NONBLOCK = 1,
  BOXER_NO_PUNCH = 2 /* the ports of earlier replies could not be bound: answer without BOXER_BIND */
};

enum boxer_reply_flags {
  BOXER_BIND = 1 /* bind the guest's socket to port reply.local.port first; if the port is taken, ask again */
};

struct boxer_endpoint {
  uint8_t address[4]; /* network order */
  uint16_t port;      /* host order */
  uint16_t reserved;
};

struct boxer_request {
  uint32_t magic;
  uint16_t operation;
  uint16_t family;  /* AF_INET or AF_INET6, of the guest's socket; 0 if there is no socket */
  uint32_t process; /* getpid() */
  uint32_t flags;
  uint64_t inode; /* of the guest's socket; 0 if there is no socket */
  struct boxer_endpoint local;
  struct boxer_endpoint peer;
  char name[BOXER_NAME_MAX]; /* NUL-terminated */
};

struct boxer_reply {
  uint32_t magic;
  uint16_t operation;
  uint16_t count; /* of addresses */
  int32_t error;  /* 0, or an errno value */
  uint16_t flags;
  uint16_t retry; /* ms for which a refused connect() is repeated, as the peer's NAT may have refused it; 0:
                     none */
  struct boxer_endpoint local;
  struct boxer_endpoint peer;
  uint8_t addresses[BOXER_ADDRESS_MAX][4];
  char name[BOXER_NAME_MAX]; /* NUL-terminated */
};

_Static_assert(sizeof(struct boxer_endpoint) == 8, "endpoint");
_Static_assert(sizeof(struct boxer_request) == 296, "request");
_Static_assert(sizeof(struct boxer_reply) == 352, "reply");

/*
 * The shared table: a memfd per node, which the supervisor writes and every shim maps read-only. It contains
 * two copies of the table, which are written alternately, so that one of them is always complete, even if the
 * writer is interrupted. The `sequence` of a copy is odd while the copy is written, and grows by two with
 * each change of the table. A reader chooses the copy with the higher even `sequence`, copies the data that
 * it needs, and tries again if this `sequence` has changed. The capacity is fixed, so the mapping never
 * moves.
 */
#define BOXER_TABLE_COPIES 2u
#define BOXER_TABLE_MAGIC 0x31544258u /* "XBT1" */
#define BOXER_TABLE_NODES 8192u
#define BOXER_TABLE_NAMES 16384u

enum boxer_node_flags {
  /* The kernel connects to the node at its address `direct`. For this node itself: other nodes do so. */
  BOXER_NODE_DIRECT = 1,
  BOXER_NODE_SELF = 2
};

enum boxer_name_flags {
  BOXER_NAME_ASK = 1 /* the seed resolves this name: ask by BOXER_RESOLVE */
};

struct boxer_table_node {
  uint8_t overlay[4];
  uint8_t direct[4]; /* underlay address when BOXER_NODE_DIRECT */
  uint32_t flags;
  uint32_t id;
};

struct boxer_table_name {
  uint64_t hash; /* FNV-1a 64 of the lower-case name without a trailing dot */
  uint8_t overlay[4];
  uint32_t flags;
};

struct boxer_table {
  uint32_t magic;
  uint32_t sequence;
  uint8_t overlay_base[4];
  uint8_t overlay_mask[4];
  uint8_t self_overlay[4];  /* 0.0.0.0 while the node has not joined */
  uint8_t self_underlay[4]; /* the node's address in the kernel */
  uint8_t signal_source[4]; /* connections from this loopback address are signal connections */
  uint32_t node_count;
  uint32_t name_count;
  uint8_t self_bound[4]; /* the kernel binds it instead of the own overlay address; 0.0.0.0: the wildcard */
  uint8_t reserved[16];
  /* In a function, the ids of the platform's user and group, plus one. 0: not in a function. */
  uint32_t account_user;
  uint32_t account_group;
  char hostname[BOXER_NAME_MAX]; /* the result of gethostname() and uname(); empty: that of the kernel */
  struct boxer_table_node nodes[BOXER_TABLE_NODES]; /* sorted by overlay address (as a number) */
  struct boxer_table_name names[BOXER_TABLE_NAMES]; /* sorted by hash; one entry per name and address */
};

_Static_assert(sizeof(struct boxer_table_node) == 16, "table node");
_Static_assert(sizeof(struct boxer_table_name) == 16, "table name");

#endif
