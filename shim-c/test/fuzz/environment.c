/*
 * libFuzzer target: the monitor reads its own environment, and completes the environment that a guest passes
 * to exec. In the input, each variable ends with a NUL, and an empty variable ends the first of the two
 * environments.
 */
#include <stdlib.h>
#include <string.h>

#include "../../monitor/config.c"
#include "../../monitor/environment.c"
#include "../../monitor/environment.h"
#include "../../monitor/libc.h"
#include "../../monitor/monitor.h"
#include "../../monitor/place.h"
#include "../../monitor/preload.h"
#include "../../monitor/rules.h"
#include "../../monitor/table.h"
#include "../../monitor/text.h"

void *libc_function(enum libc_function which) {
  (void)which;
  return NULL;
}

void await_table(void) {}

static bool has(char *const *environment, const char *setting) {
  for (; *environment; environment++)
    if (strcmp(*environment, setting) == 0) return true;
  return false;
}

static bool has_variable(char *const *environment, const char *name) {
  for (; *environment; environment++)
    if (starts_with(*environment, name)) return true;
  return false;
}

static const char *last_preload(char *const *environment) {
  const char *value = "";
  for (; *environment; environment++)
    if (starts_with(*environment, PRELOAD)) value = *environment + sizeof PRELOAD - 1;
  return value;
}

static void start_program(char *const *guest) {
  struct completion found;
  if (!examine_environment(guest, true, &found)) return;
  char **made = malloc(completed_size(&found));
  complete_environment(guest, &found, made);
  size_t count = 0;
  while (made[count]) count++;
  if (count > found.variables + ADDED) abort();
  /* No variable that the monitor needs is lost, and none is passed twice. */
  if (config.preload && !ends_in_entry(last_preload(made), config.preload)) abort();
  if (config.socket_setting[0] && !has_variable(guest, "BOXER_SOCKET=") && !has(made, config.socket_setting))
    abort();
  if (config.remap_setting[0] && !has_variable(guest, "BOXER_REMAP=") && !has(made, config.remap_setting))
    abort();
  struct completion again;
  if (examine_environment(made, true, &again)) abort();
  free(made);
  /* A program that cannot load the monitor gets none of its variables. */
  if (!examine_environment(guest, false, &found)) return;
  made = malloc(completed_size(&found));
  complete_environment(guest, &found, made);
  size_t length;
  if (config.preload && own_entry(last_preload(made), &length)) abort();
  free(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  memset(&config, 0, sizeof config);
  remap_read("");
  char *guest[64];
  size_t count = 0;
  bool own = true;
  while (size > 0 && count < 63) {
    size_t length = strnlen((const char *)bytes, size);
    char *variable = malloc(length + 1);
    memcpy(variable, bytes, length);
    variable[length] = 0;
    size_t used = length < size ? length + 1 : length;
    bytes += used;
    size -= used;
    if (own && length == 0) own = false;
    if (own) take(variable);
    guest[count++] = variable;
  }
  guest[count] = NULL;
  state = config.socket_length > 0 || config.remap_setting[0] ? PRESENT : ABSENT;
  size_t first = 0;
  while (first < count && guest[first][0]) first++;
  start_program(guest + (first < count ? first + 1 : count));
  SHORT_PLACE(place);
  if (find_place(AT_FDCWD, "/data/x", &place)) leave_place(&place);
  while (count > 0) free(guest[--count]);
  return 0;
}
