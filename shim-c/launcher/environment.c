// The environments of the supervisor and of the guest, made from the container's.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "launcher.h"

#define HIDDEN_AS "BOXER_GUEST_"
#define PRELOAD "LD_PRELOAD="

// All environment variables are meant for the guest. Some of them would change the supervisor: LD_PRELOAD
// with a library for another libc, NODE_OPTIONS that load the application's tracing, a proxy,
// AWS_ENDPOINT_URL. The supervisor therefore gets each variable under another name, and makes the guest's
// environment from them (supervisor/guest/own-environment.ts). It reads these variables itself:
static const char *const kept[] = {CONFIGURATION, "BOXER_LOG=", "AWS_LAMBDA_", "AWS_CONTAINER_"};

// The supervisor's own variables. The AWS SDK must not read files of the image either.
static char *const ours[] = {"HOME=/opt/boxer", "AWS_CONFIG_FILE=/dev/null",
                             "AWS_SHARED_CREDENTIALS_FILE=/dev/null"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

bool begins_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

static size_t count_of(char *const *variables) {
  size_t count = 0;
  while (variables[count] != NULL) count++;
  return count;
}

static int is_kept(const char *variable) {
  for (size_t i = 0; i < COUNT(kept); i++)
    if (begins_with(variable, kept[i])) return 1;
  return 0;
}

// Returns the texts one behind the other.
static char *joined(const char *first, const char *second, const char *third) {
  size_t length = strlen(first) + strlen(second) + strlen(third) + 1;
  char *text = malloc(length);
  if (text != NULL) snprintf(text, length, "%s%s%s", first, second, third);
  return text;
}

// Node raises its soft limit of file descriptors to the hard limit. The supervisor restores the original
// limit for the guest.
static char *descriptor_limit(void) {
  static char variable[64];
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return NULL;
  snprintf(variable, sizeof variable, "BOXER_NOFILE=%llu", (unsigned long long)limit.rlim_cur);
  return variable;
}

char **supervisor_environment(char **container, char *const *more) {
  char **all = calloc(2 * count_of(container) + COUNT(ours) + count_of(more) + 2, sizeof *all);
  if (all == NULL) return NULL;
  size_t next = 0;
  for (char **variable = container; *variable != NULL; variable++) {
    if (is_kept(*variable)) all[next++] = *variable;
    if (begins_with(*variable, CONFIGURATION)) continue;
    if ((all[next++] = joined(HIDDEN_AS, *variable, "")) == NULL) return NULL;
  }
  for (size_t i = 0; i < COUNT(ours); i++) all[next++] = ours[i];
  for (; *more != NULL; more++) all[next++] = *more;
  all[next] = descriptor_limit();
  return all;
}

// The process monitor stands behind all libraries that the guest preloads itself: see
// supervisor/guest/guest-environment.ts.
static char *preload(char **container) {
  char *setting = PRELOAD;
  for (char **variable = container; *variable != NULL; variable++)
    if (begins_with(*variable, PRELOAD)) setting = *variable;
  return joined(setting, setting[sizeof PRELOAD - 1] ? ":" : "", MONITOR);
}

char **guest_environment(char **container, const char *socket_name, const char *remap) {
  char **all = calloc(count_of(container) + 4, sizeof *all);
  char *const added[] = {preload(container), joined("BOXER_SOCKET=", socket_name, ""),
                         joined("BOXER_REMAP=", remap, "")};
  if (all == NULL) return NULL;
  size_t next = 0;
  for (char **variable = container; *variable != NULL; variable++)
    if (!begins_with(*variable, CONFIGURATION) && !begins_with(*variable, PRELOAD)) all[next++] = *variable;
  for (size_t i = 0; i < COUNT(added); i++)
    if ((all[next++] = added[i]) == NULL) return NULL;
  return all;
}
