/*
 * The overlay names of connections, so that a server that asks for both names of every connection does not
 * ask the supervisor each time. A name belongs to a socket, hence to its inode, for as long as the socket
 * lives.
 */
#include "known-names.h"

#include <stdatomic.h>

#include "monitor.h"

/* A name whose slot another one has taken is asked for again, which only costs time. */
#define SLOTS 4096

/*
 * A sequence lock; the sequence is odd during a write. The words are atomic, stored with release and read
 * with acquire: a reader that sees a new word has seen the odd sequence before it.
 */
static struct slot {
  _Atomic uint32_t sequence;
  _Atomic uint64_t inode;
  _Atomic uint64_t local;
  _Atomic uint64_t peer;
} slots[SLOTS];

static void put(_Atomic uint64_t *word, const struct boxer_endpoint *endpoint) {
  uint64_t value;
  memcpy(&value, endpoint, sizeof value);
  atomic_store_explicit(word, value, memory_order_release);
}

static void get(_Atomic uint64_t *word, struct boxer_endpoint *endpoint) {
  uint64_t value = atomic_load_explicit(word, memory_order_acquire);
  memcpy(endpoint, &value, sizeof value);
}

void remember_names(uint64_t inode, const struct boxer_endpoint *local, const struct boxer_endpoint *peer) {
  struct slot *slot = &slots[inode % SLOTS];
  uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);
  /* Another thread, or the code that a signal handler interrupted, is writing: it wins. */
  if (inode == 0 || sequence & 1 || !atomic_compare_exchange_strong(&slot->sequence, &sequence, sequence + 1))
    return;
  atomic_store_explicit(&slot->inode, inode, memory_order_release);
  put(&slot->local, local);
  put(&slot->peer, peer);
  atomic_store_explicit(&slot->sequence, sequence + 2, memory_order_release);
}

void forget_names(uint64_t inode) {
  static const struct boxer_endpoint none;
  struct boxer_endpoint local;
  struct boxer_endpoint peer;
  /* No connection has port 0, so such an entry matches nothing. */
  if (known_names(inode, &local, &peer)) remember_names(inode, &none, &none);
}

bool known_names(uint64_t inode, struct boxer_endpoint *local, struct boxer_endpoint *peer) {
  struct slot *slot = &slots[inode % SLOTS];
  uint32_t sequence = atomic_load_explicit(&slot->sequence, memory_order_acquire);
  bool same = atomic_load_explicit(&slot->inode, memory_order_acquire) == inode;
  get(&slot->local, local);
  get(&slot->peer, peer);
  bool whole = !(sequence & 1) && atomic_load_explicit(&slot->sequence, memory_order_relaxed) == sequence;
  return inode != 0 && same && whole && peer->port != 0;
}
