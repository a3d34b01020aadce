/*
 * getgrgid() and getgrnam(). In a function no image knows the running group, as it does not know the user
 * (account.c).
 */
#include <grp.h>

#include "account.h"
#include "config.h"
#include "libc.h"
#include "monitor.h"
#include "nodes.h"

/* A list of no members, the name and a password. */
#define ROOM (sizeof(char *) + sizeof ACCOUNT + 2)

static bool is_own(gid_t group) {
  return network_config() && group == (gid_t)raw(SYS_getegid) && is_platform_group(group);
}

/* `room` may begin anywhere. False: it is too small. */
static bool describe(gid_t group, struct group *entry, char *room, size_t size) {
  size_t skipped = -(uintptr_t)room % sizeof(char *);
  if (size < skipped + ROOM) return false;
  char **members = (char **)(void *)(room + skipped);
  *members = NULL;
  entry->gr_mem = members;
  entry->gr_gid = group;
  entry->gr_name = memcpy(members + 1, ACCOUNT, sizeof ACCOUNT);
  entry->gr_passwd = memcpy(entry->gr_name + sizeof ACCOUNT, "x", 2);
  return true;
}

/* As in libc, the next call overwrites it. */
static struct group *shared_entry(void) {
  static struct group entry;
  static _Alignas(char *) char room[ROOM];
  return describe((gid_t)raw(SYS_getegid), &entry, room, sizeof room) ? &entry : NULL;
}

typedef struct group *getgrgid_function(gid_t);
typedef int getgrgid_r_function(gid_t, struct group *, char *, size_t, struct group **);
typedef struct group *getgrnam_function(const char *);
typedef int getgrnam_r_function(const char *, struct group *, char *, size_t, struct group **);

EXPORT struct group *getgrgid(gid_t group) {
  getgrgid_function *real = LIBC(getgrgid_function *, getgrgid);
  struct group *found = real ? real(group) : NULL;
  return found || !is_own(group) ? found : shared_entry();
}

EXPORT int getgrgid_r(gid_t group, struct group *entry, char *room, size_t size, struct group **result) {
  getgrgid_r_function *real = LIBC(getgrgid_r_function *, getgrgid_r);
  int error = real ? real(group, entry, room, size, result) : ENOENT;
  if (error == ERANGE || (error == 0 && *result) || !is_own(group)) return error;
  *result = describe(group, entry, room, size) ? entry : NULL;
  return *result ? 0 : ERANGE;
}

/* Whether no image knows the running group, and `name` is the name that the monitor gave it. */
static bool is_own_name(const char *name) {
  if (!name || strlen(name) != sizeof ACCOUNT - 1 || memcmp(name, ACCOUNT, sizeof ACCOUNT) != 0) return false;
  if (!is_own((gid_t)raw(SYS_getegid))) return false;
  getgrgid_function *real = LIBC(getgrgid_function *, getgrgid);
  return !real || !real((gid_t)raw(SYS_getegid));
}

EXPORT struct group *getgrnam(const char *name) {
  getgrnam_function *real = LIBC(getgrnam_function *, getgrnam);
  struct group *found = real ? real(name) : NULL;
  return found || !is_own_name(name) ? found : shared_entry();
}

EXPORT int getgrnam_r(const char *name, struct group *entry, char *room, size_t size, struct group **result) {
  getgrnam_r_function *real = LIBC(getgrnam_r_function *, getgrnam_r);
  int error = real ? real(name, entry, room, size, result) : ENOENT;
  if (error == ERANGE || (error == 0 && *result) || !is_own_name(name)) return error;
  *result = describe((gid_t)raw(SYS_getegid), entry, room, size) ? entry : NULL;
  return *result ? 0 : ERANGE;
}
