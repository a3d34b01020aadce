/* Reads the environment once, when the process starts: the guest may clear or rewrite it later. */
#include "config.h"

#include <fcntl.h>
#include <stdatomic.h>

#include "monitor.h"
#include "permitted.h"
#include "preload.h"
#include "rules.h"
#include "text.h"

extern char **environ;

enum { UNREAD, ABSENT, PRESENT };

static struct config config;
static _Atomic int state;

/* "@name" is an abstract address: a NUL, then the name, and no NUL behind it. */
static void set_socket(const char *value) {
  size_t length = strlen(value);
  if (length == 0 || length >= sizeof config.socket) return;
  memcpy(config.socket, value, length + 1);
  if (value[0] == '@')
    config.socket[0] = 0;
  else
    length++;
  config.socket_length = (uint32_t)length;
}

static void set_preload(const char *value) {
  size_t length;
  const char *own = own_entry(value, &length);
  if (!own || length >= sizeof config.preload_setting - sizeof PRELOAD) return;
  memcpy(config.preload_setting, PRELOAD, sizeof PRELOAD - 1);
  memcpy(config.preload_setting + sizeof PRELOAD - 1, own, length);
  config.preload_setting[sizeof PRELOAD - 1 + length] = 0;
  config.preload = config.preload_setting + sizeof PRELOAD - 1;
}

static void take(const char *variable) {
  if (starts_with(variable, "BOXER_SOCKET=")) {
    if (!copy_text(config.socket_setting, sizeof config.socket_setting, variable)) return;
    set_socket(variable + sizeof "BOXER_SOCKET=" - 1);
  } else if (starts_with(variable, "BOXER_REMAP=")) {
    if (copy_text(config.remap_setting, sizeof config.remap_setting, variable))
      remap_read(config.remap_setting + sizeof "BOXER_REMAP=" - 1);
  } else if (starts_with(variable, "BOXER_FILTERED=")) {
    filter_inherited(variable[sizeof "BOXER_FILTERED=" - 1]);
  } else if (starts_with(variable, PRELOAD)) {
    set_preload(variable + sizeof PRELOAD - 1);
  }
}

/* Reads the kernel's copy of the first environment, for calls that come before libc has set `environ`. */
static void read_proc(void) {
  int fd = (int)raw(SYS_openat, AT_FDCWD, "/proc/self/environ", O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return;
  static char variable[4096];
  size_t used = 0;
  static char chunk[1024];
  long got;
  while ((got = raw(SYS_read, fd, chunk, sizeof chunk)) > 0)
    for (long i = 0; i < got; i++) {
      if (used < sizeof variable) variable[used++] = chunk[i];
      if (chunk[i] != 0) continue;
      if (variable[used - 1] == 0) take(variable);
      used = 0;
    }
  raw(SYS_close, fd);
}

/* Threads that run this at the same time write the same bytes. */
static void read_environment(void) {
  if (environ)
    for (char **variable = environ; *variable; variable++) take(*variable);
  else
    read_proc();
  bool any = config.socket_length > 0 || config.remap_setting[0];
  atomic_store_explicit(&state, any ? PRESENT : ABSENT, memory_order_release);
}

const struct config *any_config(void) {
  int now = atomic_load_explicit(&state, memory_order_acquire);
  if (__builtin_expect(now == UNREAD, 0)) {
    read_environment();
    now = atomic_load_explicit(&state, memory_order_acquire);
  }
  return now == PRESENT ? &config : NULL;
}

const struct config *network_config(void) {
  const struct config *found = any_config();
  return found && found->socket_length > 0 ? found : NULL;
}

const char *remap_value(void) {
  const struct config *found = any_config();
  return found && found->remap_setting[0] ? found->remap_setting + sizeof "BOXER_REMAP=" - 1 : NULL;
}
