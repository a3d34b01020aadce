/*
 * Writes that a read-only root refuses are reported to the supervisor, the first few times. Requires
 * BOXER_REMAP, which every function has, and the right to mount.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../service-wire.h"
#include "check.h"

#define ROOT "/tmp/boxer-denying"

static bool make_root(void) {
  mkdir(ROOT, 0755);
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return false;
  if (mount("none", ROOT, "tmpfs", 0, "mode=755") < 0) return false;
  close(open(ROOT "/file", O_CREAT | O_RDWR, 0644));
  close(open(ROOT "/secret", O_CREAT | O_RDWR, 0600));
  /* As an engine does it: the mount is read-only, but the file system is not. */
  return mount(ROOT, ROOT, NULL, MS_BIND, NULL) == 0 &&
         mount(NULL, ROOT, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0;
}

static int told(void) { return requests(BOXER_DENIED, 0); }

/* Runs `run` in a separate process, because each process only reports a few times. */
static int as_user(void (*run)(void)) {
  int before = told();
  pid_t child = fork();
  if (child == 0) {
    if (setgid(4712) < 0 || setuid(4711) < 0) _exit(1);
    run();
    _exit(failures > 0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  return told() - before;
}

static void refused(void) {
  CHECK(mkdir(ROOT "/new", 0700) == -1 && errno == EROFS);
  CHECK(open(ROOT "/new", O_CREAT | O_WRONLY, 0600) == -1 && errno == EROFS);
  CHECK(open(ROOT "/file", O_WRONLY) == -1 && (errno == EACCES || errno == EROFS));
  CHECK(fopen(ROOT "/file", "a") == NULL && (errno == EACCES || errno == EROFS));
  CHECK(chdir(ROOT) == 0 && mkdir("relative", 0700) == -1 && errno == EROFS);
}

static void not_refused(void) {
  CHECK(open(ROOT "/secret", O_RDONLY) == -1 && errno == EACCES);
  CHECK(open(ROOT "/none", O_RDONLY) == -1 && errno == ENOENT);
  CHECK(access(ROOT "/file", W_OK) == -1 && access(ROOT, W_OK) == -1);
  CHECK(faccessat(AT_FDCWD, ROOT "/file", W_OK, 0) == -1);
  CHECK(open("/etc/shadow", O_RDONLY) == -1 && errno == EACCES);
  CHECK(open(ROOT "/file", O_RDONLY) >= 0);
  CHECK(mkdir(ROOT "/__pycache__", 0700) == -1 && errno == EROFS);
}

static void often(void) {
  for (int i = 0; i < 100; i++) CHECK(mkdir(ROOT "/new", 0700) == -1 && errno == EROFS);
}

int main(void) {
  if (!make_root()) {
    fprintf(stderr, "denying: no right to mount, skipped\n");
    return 0;
  }
  CHECK(as_user(refused) == 5);
  CHECK(as_user(not_refused) == 0);
  CHECK(as_user(often) == 8);
  umount2(ROOT, MNT_DETACH);
  umount2(ROOT, MNT_DETACH);
  rmdir(ROOT);
  return end("denying");
}
