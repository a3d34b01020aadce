/*
 * libFuzzer target: the parts of the monitor that read untrusted bytes. The first byte of the input selects
 * the reader, and the rest is its input. The sanitizers find errors.
 */
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "../../monitor/address.h"
#include "../../monitor/config.h"
#include "../../monitor/dns.h"
#include "../../monitor/libc.h"
#include "../../monitor/lookup.h"
#include "../../monitor/monitor.h"
#include "../../monitor/nodes.h"
#include "../../monitor/place.h"
#include "../../monitor/request.h"
#include "../../monitor/rules.h"
#include "../../monitor/script.h"
#include "../../monitor/shown.h"
#include "../../monitor/table.h"
#include "../../monitor/unix-address.h"

static const char *rule;
static struct boxer_table *table;
static struct boxer_reply reply;

/* Replacements for the modules that communicate with the outside. */
const char *remap_value(void) { return rule; }
const struct boxer_table *shared_table(void) { return table; }
void await_table(void) {}
uint32_t table_word(const uint8_t field[4]) {
  uint32_t word;
  memcpy(&word, field, sizeof word);
  return word;
}
const struct boxer_table *table_begin(uint32_t *sequence) {
  *sequence = table->sequence;
  return table;
}
bool table_changed(const struct boxer_table *read, uint32_t sequence) { return read->sequence != sequence; }
void *libc_function(enum libc_function which) {
  (void)which;
  return NULL;
}
int service_request(struct boxer_request *request, struct boxer_reply *answer, int *passed,
                    enum patience patience, struct waiting *waiting) {
  (void)request, (void)passed, (void)patience, (void)waiting;
  *answer = reply;
  return 0;
}

/* Copies the next part of the input, up to a NUL, to separate memory, so that a read beyond its end is found.
 */
static char *text(const uint8_t **bytes, size_t *left) {
  size_t length = 0;
  while (length < *left && (*bytes)[length]) length++;
  char *piece = malloc(length + 1);
  memcpy(piece, *bytes, length);
  piece[length] = 0;
  size_t used = length < *left ? length + 1 : length;
  *bytes += used;
  *left -= used;
  return piece;
}

static void paths(const uint8_t *bytes, size_t left) {
  SHORT_PLACE(place);
  struct shown shown;
  char *setting = text(&bytes, &left);
  char *path = text(&bytes, &left);
  rule = setting;
  remap_read(setting);
  if (find_place(AT_FDCWD, path, &place)) {
    /* A path that is remapped must be below the real path of a rule. */
    if (place.path != path && !strchr(setting, '=')) abort();
    leave_place(&place);
  }
  size_t length = strlen(path);
  path = realloc(path, length + strlen(setting) + 2);
  if (find_shown(path, length, &shown)) show(path, length, &shown);
  free(path);
  rule = NULL;
  remap_read("");
  free(setting);
}

static void addresses(const uint8_t *bytes, size_t left) {
  uint8_t *copy = malloc(left + 1);
  memcpy(copy, bytes, left);
  struct boxer_endpoint endpoint;
  union address room;
  if (as_ipv4_or_any((void *)copy, (socklen_t)left, &endpoint)) as_family(AF_INET6, &endpoint, &room);
  struct unix_place place;
  if (is_moved_unix((void *)copy, (socklen_t)left) && find_unix_place(&place, (void *)copy, (socklen_t)left))
    leave_unix_place(&place);
  free(copy);
}

static void questions(const uint8_t *bytes, size_t left) {
  if (left < 1) return;
  int room = bytes[0] * 2;
  uint8_t *message = malloc(left);
  memcpy(message, bytes + 1, left - 1);
  struct dns_question question;
  if (dns_parse(message, (int)left - 1, &question)) {
    unsigned char *answer = malloc((size_t)room + 1);
    uint32_t address;
    dns_reverse_address(question.name, &address);
    int size = dns_answer(&question, DNS_NO_ERROR, (uint32_t[]){1, 2, 3}, bytes[0] % 4,
                          bytes[0] & 4 ? question.name : NULL, answer, room);
    if (size > room) abort();
    free(answer);
  }
  free(message);
}

static void tables(const uint8_t *bytes, size_t left) {
  uint32_t found[BOXER_ADDRESS_MAX];
  char name[BOXER_NAME_MAX];
  char *asked = text(&bytes, &left);
  memset(table, 0, sizeof *table);
  memset(&reply, 0, sizeof reply);
  /* The input is copied to the header, the nodes and the names, so that short inputs reach all three. */
  size_t head = left < offsetof(struct boxer_table, nodes) ? left : offsetof(struct boxer_table, nodes);
  memcpy(table, bytes, head);
  memcpy(table->nodes, bytes, left < sizeof table->nodes ? left : sizeof table->nodes);
  memcpy(table->names, bytes, left < sizeof table->names ? left : sizeof table->names);
  memcpy(&reply, bytes, left < sizeof reply ? left : sizeof reply);
  reply.count %= BOXER_ADDRESS_MAX + 1; /* as request.c has made sure */
  reply.name[BOXER_NAME_MAX - 1] = 0;
  uint32_t kernel;
  uint32_t address = left >= 4 ? table_word(bytes) : 0;
  destination_of(address, &kernel);
  overlay_of_direct(address);
  overlay_name(address, name);
  if (overlay_lookup(asked, found) > (int)BOXER_ADDRESS_MAX) abort();
  overlay_hostname(name);
  free(asked);
}

static void scripts(const uint8_t *bytes, size_t left) {
  struct script *script = malloc(sizeof *script);
  size_t length = left < sizeof script->line ? left : sizeof script->line - 1;
  memcpy(script->line, bytes, length);
  rule = "/a=/b";
  remap_read(rule);
  if (parse_script(script, length)) {
    if (strlen(script->name) >= sizeof script->line) abort();
    leave_place(&script->place);
  }
  free(script);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static void (*const readers[])(const uint8_t *, size_t) = {paths, addresses, questions, tables, scripts};
  if (!table) table = calloc(1, sizeof *table);
  if (size > 0) readers[bytes[0] % 5](bytes + 1, size - 1);
  return 0;
}
