/*
 * The service wire: what the process monitor (shim) and its node supervisor say to each other.
 *
 * One request per connection: the shim connects to the supervisor's Unix stream socket (abstract, its name
 * in BOXER_SOCKET), writes one boxer_request, reads one boxer_reply (for some operations with one file
 * descriptor beside it, SCM_RIGHTS) and closes. No connection is kept, so there is nothing that a fork, an
 * exec, a signal handler, another thread or a guest's close-all loop could damage, and no lock to hold.
 *
 * All integers little endian; IPv4 addresses as four bytes in network order; ports in host order.
 * The TypeScript side is supervisor/service/wire.ts; test/golden/service-wire.json is checked by both.
 */
#ifndef BOXER_SERVICE_WIRE_H
#define BOXER_SERVICE_WIRE_H

#include <stdint.h>

#define BOXER_WIRE_MAGIC 0x31525842u /* "BXR1" */
#define BOXER_NAME_MAX 256u          /* a host name (253 bytes) and its NUL */
#define BOXER_ADDRESS_MAX 16u

enum boxer_operation {
  /* -> reply with the shared table's descriptor (a memfd, mapped read-only by the shim). */
  BOXER_TABLE = 1,
  /* A guest socket listens (local = what it is bound to) or a listening descriptor was closed. The supervisor
   * takes both as hints and reads the truth from the kernel. The shim does not wait for the reply. */
  BOXER_LISTEN = 2,
  BOXER_UNLISTEN = 3,
  /* Where to connect for overlay address `peer`: reply.peer is the address to give the kernel, or reply.error
   * is the errno for the guest. local = what the guest's socket is bound to. flags: BOXER_NONBLOCK,
   * BOXER_NO_PUNCH. Reply flags: BOXER_BIND. */
  BOXER_CONNECT = 4,
  /* A signal connection was accepted: local = the listener's address, peer = the signal connection's
   * source address. Reply carries the real socket; reply.local/peer are what the guest shall see. EAGAIN when
   * it has gone. */
  BOXER_ACCEPT = 5,
  /* Overlay view of an established connection: local, peer = as the kernel says; reply.local/peer = overlay
     view. */
  BOXER_NAMES_OF = 6,
  /* Overlay addresses of a name: reply.addresses[0..count). error ENOENT: there is no such name for this
     node. */
  BOXER_RESOLVE = 7,
  /* Name of overlay address `peer`: reply.name. error ENOENT: none. */
  BOXER_REVERSE = 8,
  /* connect() to overlay address `peer` shall go on without its caller, whose time is up: reply.peer is an
   * address that answers nothing, for the guest's socket to be connected to until the supervisor has reached
   * the far end. */
  BOXER_CONNECT_LATER = 9,
  /* The socket of an earlier BOXER_CONNECT_LATER (by its inode) is on its way there: local = as the kernel
     says. */
  BOXER_UNDER_WAY = 10,
  /* The read-only root of a function refused the path in `name`: for the log. */
  BOXER_DENIED = 11
};

enum boxer_request_flags {
  BOXER_NONBLOCK = 1,
  BOXER_NO_PUNCH = 2 /* the ports of earlier replies could not be had: answer without BOXER_BIND */
};

enum boxer_reply_flags {
  BOXER_BIND = 1 /* bind the guest's socket to port reply.local.port first; when that is taken, ask again */
};

struct boxer_endpoint {
  uint8_t address[4]; /* network order */
  uint16_t port;      /* host order */
  uint16_t reserved;
};

struct boxer_request {
  uint32_t magic;
  uint16_t operation;
  uint16_t family;  /* AF_INET or AF_INET6 of the guest's socket; 0 where there is none */
  uint32_t process; /* getpid() */
  uint32_t flags;
  uint64_t inode; /* of the guest's socket; 0 where there is none */
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
  uint16_t retry; /* ms in which a refused connect() is tried again, as something on the way may reset: how
                     long it may wait */
  struct boxer_endpoint local;
  struct boxer_endpoint peer;
  uint8_t addresses[BOXER_ADDRESS_MAX][4];
  char name[BOXER_NAME_MAX]; /* NUL-terminated */
};

_Static_assert(sizeof(struct boxer_endpoint) == 8, "endpoint");
_Static_assert(sizeof(struct boxer_request) == 296, "request");
_Static_assert(sizeof(struct boxer_reply) == 352, "reply");

/*
 * The shared table: one memfd per node, written by the supervisor, mapped read-only by every shim. It holds
 * two copies, written in turn, so that there always is a whole one, however long a writer is kept from its
 * work. `sequence` of a copy is odd while it is written and grows by two with each change of the table: a
 * reader takes the copy with the higher even one, copies what it needs and retries if that one has changed.
 * Fixed capacity, so that the mapping never has to move.
 */
#define BOXER_TABLE_COPIES 2u
#define BOXER_TABLE_MAGIC 0x31544258u /* "XBT1" */
#define BOXER_TABLE_NODES 8192u
#define BOXER_TABLE_NAMES 16384u

enum boxer_node_flags {
  BOXER_NODE_DIRECT =
      1, /* reachable as `direct`: connect there with the kernel alone; this node's own: others do */
  BOXER_NODE_SELF = 2
};

enum boxer_name_flags {
  BOXER_NAME_ASK = 1 /* a name that the seed resolves: ask with BOXER_RESOLVE */
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
  uint8_t self_underlay[4]; /* the address that the node's kernel knows */
  uint8_t signal_source[4]; /* connections from this loopback address are signal connections */
  uint32_t node_count;
  uint32_t name_count;
  uint8_t self_bound[4]; /* what the kernel binds in the own overlay address' place; 0.0.0.0: the wildcard */
  uint8_t reserved[16];
  uint32_t account_user; /* in a function: the platform's user and group, each one more than its number; 0:
                            not in a function */
  uint32_t account_group;
  char hostname[BOXER_NAME_MAX]; /* what gethostname() and uname() answer; empty: the kernel's own */
  struct boxer_table_node nodes[BOXER_TABLE_NODES]; /* sorted by overlay address (as a number) */
  struct boxer_table_name names[BOXER_TABLE_NAMES]; /* sorted by hash; one entry per name and address */
};

_Static_assert(sizeof(struct boxer_table_node) == 16, "table node");
_Static_assert(sizeof(struct boxer_table_name) == 16, "table name");

#endif
