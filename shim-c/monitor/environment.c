/*
 * The guest does not see the monitor's variables: it reads the environment that it was given. Every program
 * that it starts gets them again, whichever environment it passes. Two copies keep them: /proc/self/environ,
 * and the array on the process's first stack, which Go programs read that start others without libc.
 */
#include "environment.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "config.h"
#include "monitor.h"
#include "permitted.h"
#include "preload.h"
#include "reading.h"
#include "signals.h"
#include "target.h"
#include "text.h"

#define LONGEST_VARIABLE (128u * 1024)

extern char **environ;

/* Checks as many bytes as the longest name that is looked for. */
static bool can_read_name(const char *variable) {
  return text_length(variable, sizeof "BOXER_FILTERED=") != UNREADABLE;
}

bool examine_environment(char *const *environment, bool monitored, struct completion *found) {
  const struct config *config = any_config();
  if (!config) return false;
  *found = (struct completion){.monitored = monitored,
                               .add_preload = monitored && config->preload,
                               .add_socket = config->socket_setting[0] != 0,
                               .add_remap = config->remap_setting[0] != 0,
                               .add_filter = filter_setting() != NULL};
  /* The kernel refuses what cannot be read. */
  if (environment && !can_read(environment, sizeof *environment)) return false;
  if (environment)
    for (; environment[found->variables]; found->variables++) {
      const char *variable = environment[found->variables];
      if (!can_read_name(variable) || !can_read(&environment[found->variables + 1], sizeof *environment))
        return false;
      if (starts_with(variable, "BOXER_SOCKET=")) found->add_socket = false;
      if (starts_with(variable, "BOXER_REMAP=")) found->add_remap = false;
      if (starts_with(variable, "BOXER_FILTERED=")) found->add_filter = false;
      if (!starts_with(variable, PRELOAD) || !config->preload) continue;
      /* Of two settings the loader uses the last. */
      const char *value = variable + sizeof PRELOAD - 1;
      /* The kernel accepts no longer variable. */
      if (text_length(value, LONGEST_VARIABLE) >= LONGEST_VARIABLE) return false;
      size_t length;
      bool wrong = monitored ? !ends_in_entry(value, config->preload) : own_entry(value, &length) != NULL;
      found->preload = wrong ? value : NULL;
      found->add_preload = false;
    }
  return found->preload || found->add_preload || found->add_socket || found->add_remap || found->add_filter;
}

#define ADDED 4 /* variables at the most */

size_t completed_size(const struct completion *found) {
  size_t array = (found->variables + ADDED + 1) * sizeof(char *);
  return found->preload ? array + joined_size(found->preload, any_config()->preload) : array;
}

/* The variable in place of the guest's LD_PRELOAD; NULL: none. */
static char *replaced(const struct completion *found, char *room) {
  const char *own = any_config()->preload;
  if (found->monitored) {
    join_entry(found->preload, own, room);
    return room;
  }
  memcpy(room, PRELOAD, sizeof PRELOAD - 1);
  return without_entry(found->preload, own, room + sizeof PRELOAD - 1) ? room : NULL;
}

void complete_environment(char *const *environment, const struct completion *found, char **to) {
  const struct config *config = any_config();
  char *room = (char *)(to + found->variables + ADDED + 1);
  for (size_t i = 0; i < found->variables; i++) {
    bool replace = found->preload && environment[i] + sizeof PRELOAD - 1 == found->preload;
    char *variable = replace ? replaced(found, room) : environment[i];
    if (variable) *to++ = variable;
  }
  if (found->add_preload && !found->preload) *to++ = (char *)config->preload_setting;
  if (found->add_socket) *to++ = (char *)config->socket_setting;
  if (found->add_remap) *to++ = (char *)config->remap_setting;
  if (found->add_filter) *to++ = (char *)filter_setting();
  *to = NULL;
}

static void *map(size_t size) {
  long at = raw(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at < 0 && at > -4096 ? NULL : (void *)at;
}

static bool is_ours(const char *variable) {
  return starts_with(variable, "BOXER_SOCKET=") || starts_with(variable, "BOXER_REMAP=") ||
         starts_with(variable, "BOXER_FILTERED=");
}

void environment_hide(void) {
  const struct config *config = any_config();
  if (!config || !config->preload || !environ) return;
  size_t variables = 0;
  size_t text = 0;
  for (; environ[variables]; variables++)
    if (starts_with(environ[variables], PRELOAD)) text += strlen(environ[variables]) + 1;
  char **array = map((variables + 1) * sizeof(char *) + text);
  if (!array) return;
  char *room = (char *)(array + variables + 1);
  char **to = array;
  for (char **variable = environ; *variable; variable++) {
    if (is_ours(*variable)) continue;
    bool preload = starts_with(*variable, PRELOAD);
    if (preload) {
      memcpy(room, PRELOAD, sizeof PRELOAD - 1);
      if (!without_entry(*variable + sizeof PRELOAD - 1, config->preload, room + sizeof PRELOAD - 1))
        continue;
    }
    *to++ = preload ? room : *variable;
    if (preload) room += strlen(room) + 1;
  }
  environ = array;
}

/*
 * Protects the variables below for a few loads and stores. A forked child takes the lock over from its
 * parent.
 */
static _Atomic int holder;
static int borrowers;
static char **lent;
static size_t lent_size;
static char **original;
static struct completion completion; /* from `original` to `lent` */

static void hold(signal_mask *mask) {
  int self = (int)raw(SYS_getpid);
  signals_block(mask);
  for (int other = 0; !atomic_compare_exchange_weak(&holder, &other, self);) {
    if (other != 0 && other != self && atomic_compare_exchange_strong(&holder, &other, self)) return;
    other = 0;
    raw(SYS_sched_yield);
  }
}

static void let_go(const signal_mask *mask) {
  atomic_store(&holder, 0);
  signals_restore(mask);
}

void environment_lend(void) {
  signal_mask mask;
  bool takes = any_config() && loads_monitor(AT_FDCWD, "/bin/sh");
  hold(&mask);
  borrowers++;
  struct completion missing;
  if (examine_environment(environ, takes, &missing)) {
    size_t size = completed_size(&missing);
    if (size > lent_size || environ == lent) {
      lent = map(size);
      lent_size = lent ? size : 0;
    }
    if (lent) {
      original = environ;
      completion = missing;
      complete_environment(environ, &missing, lent);
      environ = lent;
    }
  }
  let_go(&mask);
}

/* False when another thread of the guest has changed a variable in the meantime. */
static bool is_as_lent(void) {
  char **now = lent;
  for (size_t i = 0; i < completion.variables; i++) {
    bool replaced = completion.preload && original[i] + sizeof PRELOAD - 1 == completion.preload;
    if (!replaced && *now != original[i]) return false;
    now++;
  }
  return true;
}

void environment_return(void) {
  signal_mask mask;
  hold(&mask);
  if (--borrowers == 0 && lent && environ == lent && is_as_lent()) environ = original;
  let_go(&mask);
}
