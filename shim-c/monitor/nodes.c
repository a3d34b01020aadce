/* Finds out which overlay address leads where. */
#include "nodes.h"

#include "address.h"
#include "monitor.h"
#include "table.h"

/* 198.18.0.0/15: the range that has to fail while no supervisor tells the real one. */
static const uint8_t default_base[4] = {198, 18, 0, 0};
static const uint8_t default_mask[4] = {255, 254, 0, 0};

static uint32_t number(uint32_t network_order) { return __builtin_bswap32(network_order); }

static bool within(uint32_t address, const uint8_t base[4], const uint8_t mask[4]) {
  uint32_t bits = table_word(mask);
  return bits != 0 && ((address ^ table_word(base)) & bits) == 0;
}

bool in_overlay(uint32_t address) {
  const struct boxer_table *table = shared_table();
  return table ? within(address, table->overlay_base, table->overlay_mask)
               : within(address, default_base, default_mask);
}

/* Copies the node with this overlay address; the nodes are sorted by it. */
static bool find_node(const struct boxer_table *table, uint32_t address, struct boxer_table_node *found) {
  uint32_t low = 0;
  uint32_t high = table->node_count < BOXER_TABLE_NODES ? table->node_count : BOXER_TABLE_NODES;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    memcpy(found, &table->nodes[middle], sizeof *found);
    uint32_t there = table_word(found->overlay);
    if (there == address) return true;
    if (number(there) < number(address))
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

static bool read_node(uint32_t address, struct boxer_table_node *node) {
  const struct boxer_table *table;
  bool found;
  uint32_t sequence;
  int attempts = TABLE_ATTEMPTS;
  do {
    table = table_begin(&sequence);
    if (!table) return false;
    found = find_node(table, address, node);
  } while (table_changed(table, sequence) && --attempts > 0);
  return found;
}

enum destination destination_of(uint32_t address, uint32_t *kernel) {
  const struct boxer_table *table = shared_table();
  if (!table) return within(address, default_base, default_mask) ? UNREACHABLE : OUTSIDE;
  if (!within(address, table->overlay_base, table->overlay_mask)) return OUTSIDE;
  static const uint8_t loopback[4] = {127, 0, 0, 1};
  if (address == table_word(table->self_overlay)) {
    uint32_t underlay = table_word(table->self_underlay);
    *kernel = underlay ? underlay : table_word(loopback);
    return OWN;
  }
  struct boxer_table_node node;
  if (!read_node(address, &node) || !(node.flags & BOXER_NODE_DIRECT)) return ASK;
  *kernel = table_word(node.direct);
  return *kernel ? DIRECT : ASK;
}

uint32_t overlay_of_direct(uint32_t underlay) {
  const struct boxer_table *table;
  uint32_t found;
  uint32_t sequence;
  int attempts = TABLE_ATTEMPTS;
  do {
    table = table_begin(&sequence);
    if (!table || !underlay) return 0;
    found = 0;
    uint32_t count = table->node_count < BOXER_TABLE_NODES ? table->node_count : BOXER_TABLE_NODES;
    for (uint32_t i = 0; i < count && !found; i++) {
      const struct boxer_table_node *node = &table->nodes[i];
      if ((node->flags & BOXER_NODE_DIRECT) && table_word(node->direct) == underlay)
        found = table_word(node->overlay);
    }
  } while (table_changed(table, sequence) && --attempts > 0);
  return found;
}

uint32_t self_overlay(void) {
  const struct boxer_table *table = shared_table();
  return table ? table_word(table->self_overlay) : 0;
}

bool self_is_direct(void) {
  struct boxer_table_node node;
  return read_node(self_overlay(), &node) && node.flags & BOXER_NODE_DIRECT;
}

uint32_t overlay_mask(void) {
  const struct boxer_table *table = shared_table();
  return table ? table_word(table->overlay_mask) : 0;
}

uint32_t self_underlay(void) {
  const struct boxer_table *table = shared_table();
  return table ? table_word(table->self_underlay) : 0;
}

uint32_t self_bound(void) {
  const struct boxer_table *table = shared_table();
  return table ? table_word(table->self_bound) : 0;
}

bool is_signal_source(uint32_t address) {
  const struct boxer_table *table = is_loopback(address) ? shared_table() : NULL;
  return table && table_word(table->signal_source) == address;
}

bool in_function(void) {
  const struct boxer_table *table = shared_table();
  return table && table->account_user != 0;
}

bool is_platform_user(uint32_t user) {
  const struct boxer_table *table = shared_table();
  return table && table->account_user != 0 && table->account_user == user + 1;
}

bool is_platform_group(uint32_t group) {
  const struct boxer_table *table = shared_table();
  return table && table->account_group != 0 && table->account_group == group + 1;
}
