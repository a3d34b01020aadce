/*
 * Names of the overlay are looked up in the shared table, and asked of the supervisor where the table says
 * so.
 */
#include "lookup.h"

#include <netdb.h>

#include "address.h"
#include "claim.h"
#include "monitor.h"
#include "nodes.h"
#include "request.h"
#include "table.h"
#include "trace.h"

static char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter + 32) : letter; }

/* The length without a trailing dot; 0 for what cannot be an overlay name. */
static size_t name_length(const char *name) {
  size_t length = strlen(name);
  if (length > 0 && name[length - 1] == '.') length--;
  return length < BOXER_NAME_MAX ? length : 0;
}

/* FNV-1a, 64 bits, of the lower-case name. */
static uint64_t name_hash(const char *name, size_t length) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)lower(name[i])) * 0x100000001b3u;
  return hash;
}

bool overlay_hostname(char name[BOXER_NAME_MAX]) {
  const struct boxer_table *table;
  uint32_t sequence;
  int attempts = TABLE_ATTEMPTS;
  do {
    table = table_begin(&sequence);
    if (!table) return false;
    memcpy(name, table->hostname, BOXER_NAME_MAX);
  } while (table_changed(table, sequence) && --attempts > 0);
  name[BOXER_NAME_MAX - 1] = 0;
  return name[0] != 0;
}

static bool equals(const char *left, const char *right, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (lower(left[i]) != lower(right[i])) return false;
  return true;
}

static bool is_own_name(const char *name, size_t length) {
  const struct boxer_table *table;
  bool same;
  uint32_t sequence;
  int attempts = TABLE_ATTEMPTS;
  do {
    table = table_begin(&sequence);
    if (!table) return false;
    same = length < BOXER_NAME_MAX && table->hostname[length] == 0 && equals(table->hostname, name, length);
  } while (table_changed(table, sequence) && --attempts > 0);
  return same;
}

/* The first of the entries with this hash, which are sorted by it. */
static uint32_t first_entry(const struct boxer_table *table, uint32_t count, uint64_t hash) {
  uint32_t low = 0;
  uint32_t high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (table->names[middle].hash < hash)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int read_names(const struct boxer_table *table, uint64_t hash, uint32_t addresses[BOXER_ADDRESS_MAX],
                      bool *ask) {
  uint32_t count = table->name_count < BOXER_TABLE_NAMES ? table->name_count : BOXER_TABLE_NAMES;
  uint32_t first = first_entry(table, count, hash);
  uint32_t total = 0;
  while (first + total < count && table->names[first + total].hash == hash) total++;
  *ask = false;
  /* Where more addresses exist than fit, each caller gets another section of them. */
  static uint32_t turn;
  uint32_t start = total > 1 ? __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % total : 0;
  int given = 0;
  for (uint32_t i = 0; i < total && given < (int)BOXER_ADDRESS_MAX; i++) {
    const struct boxer_table_name *entry = &table->names[first + (start + i) % total];
    if (entry->flags & BOXER_NAME_ASK)
      *ask = true;
    else
      addresses[given++] = table_word(entry->overlay);
  }
  return given;
}

static int read_addresses(const struct boxer_reply *reply, uint32_t addresses[BOXER_ADDRESS_MAX]) {
  /* A name of the project that this node may not find. Its own resolver may know it. */
  if (reply->error == ENOENT) return EAI_NONAME;
  if (reply->error != 0) return EAI_AGAIN;
  memcpy(addresses, reply->addresses, reply->count * sizeof *addresses);
  return reply->count;
}

static int ask_names(const char *name, size_t length, uint32_t addresses[BOXER_ADDRESS_MAX]) {
  struct question *question = claim(sizeof *question, HERE);
  if (!question) return EAI_MEMORY;
  question->request.operation = BOXER_RESOLVE;
  memcpy(question->request.name, name, length);
  bool answered = service_request(&question->request, &question->reply, NULL, PATIENT, NULL) == 0;
  int count = answered ? read_addresses(&question->reply, addresses) : EAI_AGAIN;
  unclaim(question);
  return count;
}

int overlay_lookup(const char *name, uint32_t addresses[BOXER_ADDRESS_MAX]) {
  const struct boxer_table *table = shared_table();
  size_t length = table ? name_length(name) : 0;
  if (length == 0) return 0;
  /* As Docker's line for the own name in /etc/hosts. */
  if (self_overlay() && is_own_name(name, length)) {
    addresses[0] = self_overlay();
    return 1;
  }
  uint64_t hash = name_hash(name, length);
  bool ask;
  int given;
  uint32_t sequence;
  int attempts = TABLE_ATTEMPTS;
  do {
    table = table_begin(&sequence);
    if (!table) return 0;
    given = read_names(table, hash, addresses, &ask);
  } while (table_changed(table, sequence) && --attempts > 0);
  TRACE("name %s: %d addresses in the table, asks the supervisor: %d", name, given, given == 0 && ask);
  if (given > 0) return given;
  return ask ? ask_names(name, length, addresses) : 0;
}

bool overlay_name(uint32_t address, char name[BOXER_NAME_MAX]) {
  /* As Docker's line in /etc/hosts; getfqdn() relies on it. */
  if (address == self_overlay() && overlay_hostname(name)) return true;
  struct question *question = claim(sizeof *question, HERE);
  if (!question) return false;
  question->request.operation = BOXER_REVERSE;
  set_endpoint_ip(&question->request.peer, address);
  struct boxer_reply *reply = &question->reply;
  bool found = service_request(&question->request, reply, NULL, PATIENT, NULL) == 0 && reply->error == 0 &&
               reply->name[0];
  if (found) memcpy(name, reply->name, BOXER_NAME_MAX);
  unclaim(question);
  return found;
}
