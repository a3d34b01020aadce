/*
 * getpwuid() and getpwnam(). In a function the guest runs as a user of the platform that no image knows.
 * Programs that ask who they are (initdb, Node's os.userInfo(), git) take "nobody" for an error, so that user
 * gets a name, and programs that check the name (sshd) find it. The user's group has the same name, see
 * group.c.
 */
#include "account.h"

#include <pwd.h>

#include "config.h"
#include "libc.h"
#include "monitor.h"
#include "nodes.h"

extern char **environ;

#define ROOM 512

static const char *home(void) {
  for (char **variable = environ; variable && *variable; variable++)
    if (memcmp(*variable, "HOME=", 5) == 0 && (*variable)[5] == '/') return *variable + 5;
  return "/tmp";
}

/* False: the room is too small. */
static bool describe(uid_t user, struct passwd *entry, char *room, size_t size) {
  const char *directory = home();
  const char *const parts[] = {ACCOUNT, "x", directory, "/bin/sh"};
  char *at[4];
  for (size_t i = 0; i < 4; i++) {
    size_t length = strlen(parts[i]) + 1;
    if (length > size) return false;
    at[i] = memcpy(room, parts[i], length);
    room += length;
    size -= length;
  }
  entry->pw_name = at[0];
  entry->pw_passwd = at[1];
  entry->pw_uid = user;
  entry->pw_gid = (gid_t)raw(SYS_getgid);
  entry->pw_gecos = at[0];
  entry->pw_dir = at[2];
  entry->pw_shell = at[3];
  return true;
}

/* Only in a function: entrypoints in containers test whether their user is unknown. */
static bool is_own(uid_t user) {
  return network_config() && user == (uid_t)raw(SYS_geteuid) && is_platform_user(user);
}

/* As in libc, the next call overwrites it. */
static struct passwd *shared_entry(uid_t user) {
  static struct passwd entry;
  static char room[ROOM];
  return describe(user, &entry, room, sizeof room) ? &entry : NULL;
}

EXPORT struct passwd *getpwuid(uid_t user) {
  struct passwd *(*real)(uid_t) = LIBC(struct passwd * (*)(uid_t), getpwuid);
  struct passwd *found = real ? real(user) : NULL;
  if (found || !is_own(user)) return found;
  return shared_entry(user);
}

typedef int getpwuid_r_function(uid_t, struct passwd *, char *, size_t, struct passwd **);

EXPORT int getpwuid_r(uid_t user, struct passwd *entry, char *room, size_t size, struct passwd **result) {
  getpwuid_r_function *real = LIBC(getpwuid_r_function *, getpwuid_r);
  int error = real ? real(user, entry, room, size, result) : ENOENT;
  if (error == ERANGE || (error == 0 && *result) || !is_own(user)) return error;
  *result = describe(user, entry, room, size) ? entry : NULL;
  return *result ? 0 : ERANGE;
}

/* Whether no image knows the running user, and `name` is the name that the monitor gave it. */
static bool is_own_name(const char *name) {
  uid_t user = (uid_t)raw(SYS_geteuid);
  if (!name || strlen(name) != sizeof ACCOUNT - 1 || memcmp(name, ACCOUNT, sizeof ACCOUNT) != 0 ||
      !is_own(user))
    return false;
  struct passwd *(*real)(uid_t) = LIBC(struct passwd * (*)(uid_t), getpwuid);
  return !real || !real(user);
}

EXPORT struct passwd *getpwnam(const char *name) {
  struct passwd *(*real)(const char *) = LIBC(struct passwd * (*)(const char *), getpwnam);
  struct passwd *found = real ? real(name) : NULL;
  return found || !is_own_name(name) ? found : shared_entry((uid_t)raw(SYS_geteuid));
}

typedef int getpwnam_r_function(const char *, struct passwd *, char *, size_t, struct passwd **);

EXPORT int getpwnam_r(const char *name, struct passwd *entry, char *room, size_t size,
                      struct passwd **result) {
  getpwnam_r_function *real = LIBC(getpwnam_r_function *, getpwnam_r);
  int error = real ? real(name, entry, room, size, result) : ENOENT;
  if (error == ERANGE || (error == 0 && *result) || !is_own_name(name)) return error;
  *result = describe((uid_t)raw(SYS_geteuid), entry, room, size) ? entry : NULL;
  return *result ? 0 : ERANGE;
}
