/* The modules of the monitor that read untrusted bytes: paths, addresses, and a table with any content. They
 * are linked without the rest of the monitor. */
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../monitor/address.h"
#include "../monitor/claim.h"
#include "../monitor/dns.h"
#include "../monitor/libc.h"
#include "../monitor/lookup.h"
#include "../monitor/monitor.h"
#include "../monitor/nodes.h"
#include "../monitor/place.h"
#include "../monitor/reading.h"
#include "../monitor/request.h"
#include "../monitor/rules.h"
#include "../monitor/script.h"
#include "../monitor/shown.h"
#include "../monitor/text.h"
#include "../monitor/unix-address.h"

static int failures;
static const char *rule;
static struct boxer_table table;
static struct boxer_reply next_reply;

#define CHECK(condition)                                                                                  \
  do {                                                                                                    \
    if (!(condition)) failures++, fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
  } while (0)

/* Replaces a function that visible.c needs for parts that are not tested here. */
void *libc_function(enum libc_function which) {
  (void)which;
  return NULL;
}

/* Replacements for the modules that communicate with the outside. */
const char *remap_value(void) { return rule; }
const struct boxer_table *shared_table(void) { return &table; }
static int waits;
void await_table(void) { waits++; }
uint32_t table_word(const uint8_t field[4]) {
  uint32_t word;
  memcpy(&word, field, sizeof word);
  return word;
}
const struct boxer_table *table_begin(uint32_t *sequence) {
  *sequence = table.sequence;
  return &table;
}
bool table_changed(const struct boxer_table *read, uint32_t sequence) { return read->sequence != sequence; }
int service_request(struct boxer_request *request, struct boxer_reply *reply, int *passed,
                    enum patience patience, struct waiting *waiting) {
  (void)request, (void)passed, (void)patience, (void)waiting;
  *reply = next_reply;
  return 0;
}

static void set_rule(const char *value) {
  rule = value;
  remap_read(value ? value : "");
}

static bool becomes(const char *path, const char *wanted) {
  SHORT_PLACE(place);
  if (!find_place(AT_FDCWD, path, &place)) return fprintf(stderr, "%s has no place\n", path), false;
  bool same = strlen(place.path) == strlen(wanted) && memcmp(place.path, wanted, strlen(wanted)) == 0;
  bool moved = place.path != path;
  if (!same) fprintf(stderr, "%s -> %s\n", path, place.path);
  leave_place(&place);
  return same && !(moved && !is_remapped(AT_FDCWD, path));
}

/* Only a path below the supervisor's own folder waits for the supervisor, which may be starting. */
static void waiting(void) {
  set_rule("/etc/boxer=/tmp/.boxer/discovery:/etc/boxes=/tmp/b");
  CHECK(becomes("/etc/boxes/x", "/tmp/b/x") && becomes("/etc/hosts", "/etc/hosts") && waits == 0);
  CHECK(becomes("/etc/boxer/self", "/tmp/.boxer/discovery/self") && waits == 1);
  CHECK(becomes("/etc//boxer", "/tmp/.boxer/discovery") && waits == 2);
}

/* Paths of every length whose real path is longer. It is on the stack, in claimed memory, or too long. */
static void lengths(void) {
  set_rule("/data=/tmp/somewhere");
  for (size_t length = 7; length < REMAP_ROOM; length++) {
    char *path = malloc(length + 1);
    memset(path, 'x', length);
    memcpy(path, "/data/", 6);
    path[length] = 0;
    SHORT_PLACE(place);
    bool found = find_place(AT_FDCWD, path, &place);
    size_t longer = strlen("/tmp/somewhere") - strlen("/data");
    CHECK(found == (length + longer < REMAP_ROOM));
    if (found)
      CHECK(strlen(place.path) == length + longer &&
            memcmp(place.path + longer + 5, path + 5, length - 5) == 0);
    if (found) leave_place(&place);
    free(path);
  }
}

/* Memory that a signal handler has left claimed by longjmp() is reused by the next claim from the same depth.
 */
__attribute__((noinline)) static void *leave_a_claim(size_t size) { return claim(size, HERE); }

static void left_claims(void) {
  for (int i = 0; i < 100000; i++) memset(leave_a_claim(REMAP_ROOM), 1, REMAP_ROOM);
  FILE *maps = fopen("/proc/self/maps", "r");
  int count = 0;
  for (int letter; (letter = getc(maps)) != EOF;) count += letter == '\n';
  fclose(maps);
  CHECK(count < 1000);
}

static void paths(void) {
  set_rule(NULL);
  CHECK(becomes("/data/x", "/data/x"));
  set_rule("/data=/tmp/d:/var/lib/app=/tmp/a:/run/app.pid=/tmp/p");
  CHECK(becomes("/data", "/tmp/d"));
  CHECK(becomes("/data/", "/tmp/d"));
  CHECK(becomes("/data/x/y", "/tmp/d/x/y"));
  CHECK(becomes("//data//x", "/tmp/d/x"));
  CHECK(becomes("/./data/./x", "/tmp/d/x"));
  CHECK(becomes("/database", "/database"));
  CHECK(becomes("/dat", "/dat"));
  CHECK(becomes("data/x", "data/x"));
  CHECK(becomes("", ""));
  CHECK(becomes("/", "/"));
  CHECK(becomes("/var/lib", "/var/lib"));
  CHECK(becomes("/var//lib/app/1", "/tmp/a/1"));
  CHECK(becomes("/run/app.pid", "/tmp/p"));
  CHECK(becomes("/data/../etc", "/etc"));
  CHECK(becomes("/data/..x", "/tmp/d/..x"));
  CHECK(becomes("/data/x/../y", "/tmp/d/x/../y"));
  CHECK(becomes("/data/x/.//../y/..", "/tmp/d/x/.//../y/.."));
  /* These folders do not exist in the file system, so `..` is resolved by the names alone. */
  CHECK(becomes("/data/x/../../y", "/y"));
  CHECK(becomes("/data//..", "/"));
  CHECK(becomes("/data/../../var/lib/./app/z", "/tmp/a/z"));
  CHECK(becomes("/usr/../data/x", "/usr/../data/x"));
  SHORT_PLACE(none);
  CHECK(find_place(AT_FDCWD, NULL, &none) && none.path == NULL && !is_remapped(AT_FDCWD, NULL));
  set_rule("/a=/tmp/a:/b/=/tmp/b:/.c=/tmp/c");
  CHECK(becomes("/a", "/tmp/a") && becomes("/a/x", "/tmp/a/x") && becomes("/ab", "/ab"));
  CHECK(becomes("/b", "/tmp/b") && becomes("/b/x/", "/tmp/b/x/") && becomes("/.c/x", "/tmp/c/x"));
  set_rule("/run/one=/tmp/1:/run=/tmp/r:/rum=/tmp/m");
  CHECK(becomes("/run/one/x", "/tmp/1/x") && becomes("/run/ones", "/tmp/r/ones") &&
        becomes("/rum", "/tmp/m"));
  CHECK(becomes("/run/./one", "/tmp/1") && becomes("/rung", "/rung") && becomes("/r", "/r"));
  set_rule("/tmp=/var/tmp/x");
  CHECK(becomes("/tmp/../etc", "/tmp/../etc"));
  set_rule("/=/tmp/all");
  CHECK(becomes("/x/y", "/tmp/all/x/y"));
  for (const char **bad = (const char *[]){"", "=", ":", "/data", "/data:", "data=/tmp", "::=:", NULL}; *bad;
       bad++) {
    set_rule(*bad);
    CHECK(becomes("/data/x", "/data/x"));
  }
}

static bool is_seen_as(const char *path, const char *wanted) {
  char name[REMAP_ROOM];
  struct shown shown;
  memcpy(name, path, strlen(path) + 1);
  if (find_shown(name, strlen(name), &shown)) show(name, strlen(name), &shown);
  bool same = strlen(name) == strlen(wanted) && memcmp(name, wanted, strlen(wanted)) == 0;
  if (!same) fprintf(stderr, "%s is seen as %s\n", path, name);
  return same;
}

static void visible_paths(void) {
  set_rule(NULL);
  CHECK(is_seen_as("/tmp/d", "/tmp/d"));
  set_rule("/data=/tmp/d:/var/run=/tmp/run/:/run=/tmp/run:/data/deep=/tmp/d/other:/all=/");
  CHECK(is_seen_as("/tmp/d", "/data"));
  CHECK(is_seen_as("/tmp/d/x/y", "/data/x/y"));
  CHECK(is_seen_as("/tmp/d/other/y", "/data/deep/y"));
  CHECK(is_seen_as("/tmp/dx", "/tmp/dx"));
  CHECK(is_seen_as("/tmp", "/tmp"));
  CHECK(is_seen_as("/", "/"));
  CHECK(is_seen_as("", ""));
  CHECK(is_seen_as("tmp/d", "tmp/d"));
  CHECK(is_seen_as("/tmp/run/x", "/run/x"));
}

static char letter(void) {
  static const char letters[] = "//..ab=:";
  return letters[rand() % 8];
}

static void random_paths(void) {
  for (int i = 0; i < 200000; i++) {
    char *path = malloc(24);
    char *setting = malloc(24);
    SHORT_PLACE(place);
    struct shown shown;
    int length = rand() % 24;
    for (int j = 0; j < 23; j++) path[j] = letter(), setting[j] = letter();
    path[length > 0 ? length - 1 : 0] = setting[23 - length] = 0;
    setting[23] = 0;
    set_rule(setting);
    if (find_place(AT_FDCWD, path, &place)) leave_place(&place);
    char *long_enough = malloc(strlen(path) + strlen(setting) + 2);
    memcpy(long_enough, path, strlen(path) + 1);
    if (find_shown(long_enough, strlen(path), &shown)) show(long_enough, strlen(path), &shown);
    free(long_enough);
    free(path);
    free(setting);
  }
}

static void addresses(void) {
  set_rule("/a=/tmp/somewhere/else:/b=/c");
  struct boxer_endpoint endpoint;
  for (int i = 0; i < 200000; i++) {
    socklen_t length = (socklen_t)(rand() % (int)sizeof(union address));
    unsigned char *bytes = malloc(length ? length : 1);
    for (socklen_t j = 0; j < length; j++) bytes[j] = (unsigned char)(rand() % 4 ? 0 : rand());
    if (length > 1) bytes[0] = (unsigned char[]){AF_INET, AF_INET6, AF_UNIX}[rand() % 3], bytes[1] = 0;
    union address room;
    if (as_ipv4_or_any((void *)bytes, length, &endpoint)) as_family(AF_INET6, &endpoint, &room);
    struct unix_place place;
    if (is_moved_unix((void *)bytes, length) && find_unix_place(&place, (void *)bytes, length))
      leave_unix_place(&place);
    free(bytes);
  }
}

/* Every valid query gets an answer that repeats the question, in a buffer of any size. */
static void questions(void) {
  for (int i = 0; i < 200000; i++) {
    int size = rand() % 64;
    unsigned char *message = malloc(size ? (size_t)size : 1);
    for (int j = 0; j < size; j++) message[j] = (unsigned char)(rand() % 3 ? rand() % 8 : rand());
    if (size > 12) message[2] = 0, message[4] = 0, message[5] = 1;
    struct dns_question question;
    if (dns_parse(message, size, &question)) {
      int room = rand() % 128;
      unsigned char *answer = malloc(room ? (size_t)room : 1);
      uint32_t address;
      dns_reverse_address(question.name, &address);
      int got = dns_answer(&question, DNS_NO_ERROR, (uint32_t[]){1, 2}, rand() % 3,
                           rand() % 2 ? question.name : NULL, answer, room);
      CHECK(got <= room && (got < 0 || memcmp(answer, message, 2) == 0));
      free(answer);
    }
    free(message);
  }
}

static void reverse_names(void) {
  uint32_t address;
  CHECK(dns_reverse_address("4.3.2.1.in-addr.arpa", &address) &&
        memcmp(&address, (uint8_t[]){1, 2, 3, 4}, 4) == 0);
  CHECK(dns_reverse_address("255.0.0.10.IN-Addr.ARPA.", &address) &&
        memcmp(&address, (uint8_t[]){10, 0, 0, 255}, 4) == 0);
  for (const char **bad = (const char *[]){"", "4.3.2.1", "3.2.1.in-addr.arpa", "256.3.2.1.in-addr.arpa",
                                           "4.3.2.1.in-addr.arpax", "0000.3.2.1.in-addr.arpa.",
                                           "4.3.2.1.in-addr.arpa..", "a.3.2.1.in-addr.arpa", NULL};
       *bad; bad++)
    CHECK(!dns_reverse_address(*bad, &address));
}

static bool interprets(const char *line, const char *name, const char *argument) {
  struct script script;
  size_t length = strlen(line);
  memset(&script, 'x', sizeof script);
  memcpy(script.line, line, length);
  if (!parse_script(&script, length)) return !name;
  char *all[5];
  script_arguments(&script, "path", (char *[]){"script", "more", NULL}, all);
  bool same = name && strcmp(all[0], name) == 0 && strcmp(script.place.path, "/real/sh") == 0;
  leave_place(&script.place);
  return same && (argument ? strcmp(all[1], argument) == 0 : strcmp(all[1], "path") == 0) &&
         strcmp(all[argument ? 3 : 2], "more") == 0;
}

static void scripts(void) {
  set_rule("/seen=/real");
  CHECK(interprets("#!/seen/sh\n", "/seen/sh", NULL) &&
        interprets("#! \t/seen/sh -e  \nx", "/seen/sh", "-e"));
  CHECK(interprets("#!/seen/sh -a  b\t\n", "/seen/sh", "-a  b") &&
        interprets("#!/seen/sh", "/seen/sh", NULL));
  for (const char **none = (const char *[]){"", "#!", "#!\n", "# /seen/sh\n", "#!  \n/seen/sh", "/seen/sh\n",
                                            "#!/other/sh\n", "#!\n/seen/sh\n", NULL};
       *none; none++)
    CHECK(interprets(*none, NULL, NULL));
  static const char letters[] = "#!/seen \n\t-\0";
  for (int i = 0; i < 20000; i++) {
    struct script *script = malloc(sizeof *script);
    size_t length = (size_t)rand() % sizeof script->line;
    for (size_t j = 0; j < length; j++)
      script->line[j] = j < 2 && i % 8 ? "#!"[j] : letters[(size_t)rand() % sizeof letters];
    if (parse_script(script, length)) {
      CHECK(script->name >= script->line && strlen(script->name) < sizeof script->line);
      leave_place(&script->place);
    }
    free(script);
  }
}

/* A faulty supervisor must not make the guest crash. */
static void tables(void) {
  uint32_t found[BOXER_ADDRESS_MAX];
  char name[BOXER_NAME_MAX];
  for (int i = 0; i < 2000; i++) {
    for (size_t j = 0; j < sizeof table / 512; j++)
      ((uint32_t *)&table)[(size_t)rand() % (sizeof table / 4)] = (uint32_t)rand();
    table.node_count = (uint32_t)rand() * 3;
    table.name_count = i % 2 ? BOXER_TABLE_NAMES : (uint32_t)rand() * 3;
    for (size_t j = 0; j < sizeof table.hostname; j++) table.hostname[j] = (char)(rand() | 1);
    uint32_t kernel;
    destination_of((uint32_t)rand(), &kernel);
    overlay_of_direct((uint32_t)rand());
    CHECK(overlay_lookup("some-name.", found) <= (int)BOXER_ADDRESS_MAX);
    overlay_hostname(name);
    CHECK(name[BOXER_NAME_MAX - 1] == 0);
  }
}

static void asked(void) {
  static const char name[] = "NAME";
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char *next = "name"; *next; next++) hash = (hash ^ (uint8_t)*next) * 0x100000001b3u;
  memset(&table, 0, sizeof table);
  table.name_count = 1;
  table.names[0] = (struct boxer_table_name){.hash = hash, .flags = BOXER_NAME_ASK};
  uint32_t found[BOXER_ADDRESS_MAX];
  next_reply = (struct boxer_reply){.count = 2};
  CHECK(overlay_lookup(name, found) == 2);
  next_reply = (struct boxer_reply){.error = ENOENT};
  CHECK(overlay_lookup(name, found) == EAI_NONAME);
  next_reply = (struct boxer_reply){.error = EIO};
  CHECK(overlay_lookup(name, found) == EAI_AGAIN);
  CHECK(overlay_lookup("other", found) == 0);
}

int main(void) {
  srand(1);
  paths();
  waiting();
  lengths();
  left_claims();
  visible_paths();
  random_paths();
  addresses();
  questions();
  reverse_names();
  scripts();
  tables();
  asked();
  fprintf(stderr, "unit: %s\n", failures ? "FAILED" : "ok");
  return failures ? 1 : 0;
}
