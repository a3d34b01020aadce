/*
 * getpwuid(): in a function the guest is a user of the platform that no image knows. Programs that ask who they are (initdb,
 * Node's os.userInfo(), git) take "nobody" for an error, so the running user always has a name.
 */
#include <pwd.h>

#include "libc.h"
#include "monitor.h"

extern char **environ;

/* As in Lambda's own base images. */
#define ACCOUNT "sbx_user1051"
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

static bool is_own(uid_t user) { return network_config() && user == (uid_t)raw(SYS_geteuid); }

EXPORT struct passwd *getpwuid(uid_t user) {
  struct passwd *(*real)(uid_t) = LIBC(struct passwd * (*)(uid_t), getpwuid);
  struct passwd *found = real ? real(user) : NULL;
  if (found || !is_own(user)) return found;
  /* As in libc, the next call overwrites it. */
  static struct passwd entry;
  static char room[ROOM];
  return describe(user, &entry, room, sizeof room) ? &entry : NULL;
}

typedef int getpwuid_r_function(uid_t, struct passwd *, char *, size_t, struct passwd **);

EXPORT int getpwuid_r(uid_t user, struct passwd *entry, char *room, size_t size, struct passwd **result) {
  getpwuid_r_function *real = LIBC(getpwuid_r_function *, getpwuid_r);
  int error = real ? real(user, entry, room, size, result) : ENOENT;
  if (error == ERANGE || (error == 0 && *result) || !is_own(user)) return error;
  *result = describe(user, entry, room, size) ? entry : NULL;
  return *result ? 0 : ERANGE;
}
