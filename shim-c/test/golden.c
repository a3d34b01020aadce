/* Prints test/golden/service-wire.json: the bytes of the wire's structures. The TypeScript side is checked
 * against the same file. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../service-wire.h"

static void hex(const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) printf("%02x", ((const uint8_t *)bytes)[i]);
}

static const char *endpoint(const struct boxer_endpoint *endpoint) {
  static char rooms[2][80];
  static int turn;
  char *room = rooms[turn++ % 2];
  const uint8_t *a = endpoint->address;
  snprintf(room, sizeof rooms[0], "{ \"address\": \"%d.%d.%d.%d\", \"port\": %d }", a[0], a[1], a[2], a[3],
           endpoint->port);
  return room;
}

static void print_request(struct boxer_request request, const char *comma) {
  request.magic = BOXER_WIRE_MAGIC;
  printf(
      "    {\n      \"operation\": %d,\n      \"family\": %d,\n      \"process\": %u,\n      "
      "\"nonblocking\": %s,\n      \"noPunch\": %s,\n",
      request.operation, request.family, request.process, request.flags & BOXER_NONBLOCK ? "true" : "false",
      request.flags & BOXER_NO_PUNCH ? "true" : "false");
  printf(
      "      \"inode\": \"%llu\",\n      \"local\": %s,\n      \"peer\": %s,\n      \"name\": \"%s\",\n      "
      "\"hex\": \"",
      (unsigned long long)request.inode, endpoint(&request.local), endpoint(&request.peer), request.name);
  hex(&request, sizeof request);
  printf("\"\n    }%s\n", comma);
}

static void print_reply(struct boxer_reply reply, const char *comma) {
  reply.magic = BOXER_WIRE_MAGIC;
  printf(
      "    {\n      \"operation\": %d,\n      \"error\": %d,\n      \"bind\": %s,\n      \"retry\": %d,\n    "
      "  \"local\": %s,\n      \"peer\": %s,\n      \"addresses\": [",
      reply.operation, reply.error, reply.flags & BOXER_BIND ? "true" : "false", reply.retry,
      endpoint(&reply.local), endpoint(&reply.peer));
  for (int i = 0; i < reply.count; i++) {
    const uint8_t *a = reply.addresses[i];
    printf("%s\"%d.%d.%d.%d\"", i ? ", " : "", a[0], a[1], a[2], a[3]);
  }
  printf("],\n      \"name\": \"%s\",\n      \"hex\": \"", reply.name);
  hex(&reply, sizeof reply);
  printf("\"\n    }%s\n", comma);
}

static uint64_t hash_of(const char *name) {
  uint64_t hash = 0xcbf29ce484222325u;
  while (*name) hash = (hash ^ (uint8_t)*name++) * 0x100000001b3u;
  return hash;
}

static void print_table(void) {
  static struct boxer_table table = {.magic = BOXER_TABLE_MAGIC,
                                     .sequence = 6,
                                     .overlay_base = {198, 18, 0, 0},
                                     .overlay_mask = {255, 254, 0, 0},
                                     .self_overlay = {198, 18, 0, 5},
                                     .self_underlay = {172, 20, 0, 7},
                                     .signal_source = {127, 66, 79, 88},
                                     .self_bound = {172, 20, 0, 7},
                                     .node_count = 2,
                                     .name_count = 3,
                                     .account_user = 994,
                                     .account_group = 991,
                                     .hostname = "worker-1"};
  printf("  \"table\": {\n    \"size\": %zu,\n    \"nodesOffset\": %zu,\n    \"namesOffset\": %zu,\n",
         sizeof table, offsetof(struct boxer_table, nodes), offsetof(struct boxer_table, names));
  printf(
      "    \"sequence\": 6,\n    \"overlayBase\": \"198.18.0.0\",\n    \"overlayMask\": \"255.254.0.0\",\n"
      "    \"selfOverlay\": \"198.18.0.5\",\n    \"selfUnderlay\": \"172.20.0.7\",\n"
      "    \"signalSource\": \"127.66.79.88\",\n    \"selfBound\": \"172.20.0.7\",\n    \"nodeCount\": 2,\n  "
      "  \"nameCount\": 3,\n"
      "    \"accountUser\": 994,\n    \"accountGroup\": 991,\n    \"hostname\": \"worker-1\",\n    "
      "\"headerHex\": \"");
  hex(&table, offsetof(struct boxer_table, nodes));
  struct boxer_table_node node = {
      .overlay = {198, 18, 0, 6}, .direct = {172, 20, 0, 8}, .flags = BOXER_NODE_DIRECT, .id = 6};
  printf(
      "\",\n    \"node\": { \"overlay\": \"198.18.0.6\", \"direct\": \"172.20.0.8\", \"flags\": 1, \"id\": "
      "6, \"hex\": \"");
  hex(&node, sizeof node);
  struct boxer_table_name name = {.hash = hash_of("redis"), .overlay = {198, 18, 0, 6}, .flags = 0};
  printf(
      "\" },\n    \"name\": { \"name\": \"redis\", \"hash\": \"%016llx\", \"overlay\": \"198.18.0.6\", "
      "\"flags\": 0, \"hex\": \"",
      (unsigned long long)name.hash);
  hex(&name, sizeof name);
  struct boxer_table_name ask = {.hash = hash_of("db.example.internal"), .flags = BOXER_NAME_ASK};
  printf(
      "\" },\n    \"ask\": { \"name\": \"db.example.internal\", \"hash\": \"%016llx\", \"overlay\": "
      "\"0.0.0.0\", \"flags\": 1, \"hex\": \"",
      (unsigned long long)ask.hash);
  hex(&ask, sizeof ask);
  printf("\" }\n  }\n");
}

int main(void) {
  printf("{\n  \"requests\": [\n");
  print_request((struct boxer_request){.operation = BOXER_TABLE, .process = 1}, ",");
  print_request((struct boxer_request){.operation = BOXER_LISTEN,
                                       .family = AF_INET6,
                                       .process = 4711,
                                       .inode = 0x123456789abcdefu,
                                       .local = {.address = {0, 0, 0, 0}, .port = 8080}},
                ",");
  print_request((struct boxer_request){.operation = BOXER_CONNECT,
                                       .family = AF_INET,
                                       .process = 65536,
                                       .flags = BOXER_NONBLOCK,
                                       .inode = 99,
                                       .peer = {.address = {198, 18, 1, 2}, .port = 65535}},
                ",");
  print_request((struct boxer_request){.operation = BOXER_CONNECT,
                                       .family = AF_INET6,
                                       .process = 3,
                                       .flags = BOXER_NO_PUNCH,
                                       .local = {.port = 4000},
                                       .peer = {.address = {198, 18, 1, 2}, .port = 80}},
                ",");
  print_request((struct boxer_request){.operation = BOXER_ACCEPT,
                                       .family = AF_INET,
                                       .process = 12,
                                       .inode = 100,
                                       .local = {.address = {0, 0, 0, 0}, .port = 80},
                                       .peer = {.address = {127, 66, 79, 88}, .port = 40000}},
                ",");
  print_request(
      (struct boxer_request){.operation = BOXER_RESOLVE, .process = 7, .name = "db.example.internal"}, "");
  printf("  ],\n  \"replies\": [\n");
  print_reply(
      (struct boxer_reply){.operation = BOXER_CONNECT, .peer = {.address = {172, 20, 0, 9}, .port = 34567}},
      ",");
  print_reply((struct boxer_reply){.operation = BOXER_CONNECT,
                                   .flags = BOXER_BIND,
                                   .retry = 300,
                                   .local = {.port = 61234},
                                   .peer = {.address = {203, 0, 113, 7}, .port = 65001}},
              ",");
  print_reply((struct boxer_reply){.operation = BOXER_CONNECT, .error = ECONNREFUSED}, ",");
  print_reply((struct boxer_reply){.operation = BOXER_ACCEPT,
                                   .local = {.address = {198, 18, 0, 5}, .port = 80},
                                   .peer = {.address = {198, 18, 0, 6}, .port = 51234}},
              ",");
  print_reply(
      (struct boxer_reply){
          .operation = BOXER_RESOLVE, .count = 2, .addresses = {{198, 19, 0, 1}, {198, 19, 0, 2}}},
      ",");
  print_reply((struct boxer_reply){.operation = BOXER_REVERSE, .name = "redis"}, "");
  printf("  ],\n");
  print_table();
  printf("}\n");
  return 0;
}
