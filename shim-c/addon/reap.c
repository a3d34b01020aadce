/* Collects orphaned processes without taking libuv's own children away from it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon.h"

napi_value prctl_subreaper(napi_env env, napi_callback_info info) {
  (void)info;
  return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? throw_errno(env, errno, "prctl") : NULL;
}

struct reaped {
  napi_env env;
  napi_value list;
  uint32_t count;
  const int32_t *keep;
  uint32_t keep_count;
};

static bool is_kept(const struct reaped *reaped, pid_t pid) {
  for (uint32_t i = 0; i < reaped->keep_count; i++)
    if (reaped->keep[i] == pid) return true;
  return false;
}

static void set(napi_env env, napi_value object, const char *name, bool is_set, int value) {
  napi_value result;
  if (is_set)
    result = make_int(env, value);
  else
    napi_get_null(env, &result);
  napi_set_named_property(env, object, name, result);
}

/* False when the process has not exited, or is not to be collected here. */
static bool collect(struct reaped *reaped, pid_t pid) {
  siginfo_t info = {0};
  if (is_kept(reaped, pid) || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
    return false;
  bool exited = info.si_code == CLD_EXITED;
  napi_value entry;
  napi_create_object(reaped->env, &entry);
  set(reaped->env, entry, "pid", true, pid);
  set(reaped->env, entry, "code", exited, info.si_status);
  set(reaped->env, entry, "signal", !exited, info.si_status);
  napi_set_element(reaped->env, reaped->list, reaped->count++, entry);
  return true;
}

/*
 * Reads the parent of a zombie from /proc/<pid>/stat: "pid (name, which may hold anything) state parent ..."
 */
static pid_t zombie_parent(const char *pid) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/%.16s/stat", pid);
  FILE *file = fopen(path, "re");
  if (!file) return -1;
  size_t size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[size] = 0;
  const char *behind = strrchr(text, ')');
  int parent = -1;
  if (!behind || sscanf(behind + 1, " Z %d", &parent) != 1) return -1;
  return parent;
}

/*
 * waitid(P_ALL, WNOWAIT) reports the same zombie again and again. When that is a kept one, the others have to
 * be looked for. Not every kernel has /proc/<pid>/task/<tid>/children.
 */
static void collect_others(struct reaped *reaped) {
  DIR *processes = opendir("/proc");
  if (!processes) return;
  for (struct dirent *entry; (entry = readdir(processes));)
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && zombie_parent(entry->d_name) == getpid())
      collect(reaped, atoi(entry->d_name));
  closedir(processes);
}

static bool get_pids(napi_env env, napi_value list, struct reaped *reaped) {
  if (napi_get_array_length(env, list, &reaped->keep_count) != napi_ok)
    return type_error(env, "keep must be an array of pids");
  int32_t *pids = calloc((size_t)reaped->keep_count + 1, sizeof *pids);
  if (!pids) return throw_errno(env, ENOMEM, "reap") != NULL;
  reaped->keep = pids;
  for (uint32_t i = 0; i < reaped->keep_count; i++) {
    napi_value element;
    if (napi_get_element(env, list, i, &element) != napi_ok || !get_int(env, element, "a pid", &pids[i]))
      return false;
  }
  return true;
}

napi_value reap(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  struct reaped reaped = {.env = env};
  get_arguments(env, info, arguments);
  if (get_pids(env, arguments[0], &reaped)) {
    napi_create_array(env, &reaped.list);
    for (;;) {
      siginfo_t next = {0};
      if (waitid(P_ALL, 0, &next, WEXITED | WNOHANG | WNOWAIT) < 0 || next.si_pid == 0) break;
      if (collect(&reaped, next.si_pid)) continue;
      collect_others(&reaped);
      break;
    }
  }
  free((void *)reaped.keep);
  return reaped.list;
}
