/*
 * A program in a root without the process monitor starts as it does natively, without a message of its
 * loader. Usage: rooting <libboxer.so>. Requires the right to mount.
 */
#include <libgen.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "check.h"

#define ROOT "/tmp/boxer-rooting"

extern char **environ;

static char *program[] = {"true", NULL};

static void by_execve(void) { execve("/bin/true", program, environ); }
static void by_execvp(void) { execvp("true", program); }
static void by_fexecve(void) { fexecve(open("/bin/true", O_RDONLY), program, environ); }
static void by_system(void) { _exit(system("true; true")); }

static void by_posix_spawn(void) {
  pid_t pid;
  int status = -1;
  if (posix_spawn(&pid, "/bin/true", NULL, NULL, program, environ) == 0) waitpid(pid, &status, 0);
  _exit(status);
}

static void (*const starts[])(void) = {by_execve, by_execvp, by_fexecve, by_system, by_posix_spawn};

static bool hidden_by_namespace(const char *folder) {
  return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
         mount("none", folder, "tmpfs", 0, NULL) == 0;
}

static bool hidden_by_chroot(const char *folder) {
  char below[4096];
  snprintf(below, sizeof below, ROOT "%s", folder);
  return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
         mkdir(ROOT, 0755) == 0 && mount("/", ROOT, NULL, MS_BIND | MS_REC, NULL) == 0 &&
         mount("none", below, "tmpfs", 0, NULL) == 0 && chroot(ROOT) == 0 && chdir("/") == 0;
}

/* Whether `start` prints nothing, in a separate process. False: `hide` is not permitted. */
static bool silent(bool (*hide)(const char *), const char *folder, void (*start)(void)) {
  int said[2];
  CHECK(pipe(said) == 0);
  pid_t child = fork();
  if (child == 0) {
    if (!hide(folder)) _exit(77);
    dup2(said[1], 1);
    dup2(said[1], 2);
    start();
    _exit(1);
  }
  close(said[1]);
  char text[4096] = "";
  CHECK(read(said[0], text, sizeof text - 1) == 0);
  if (*text) fprintf(stderr, "rooting: %s", text);
  close(said[0]);
  int status = -1;
  waitpid(child, &status, 0);
  rmdir(ROOT);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return false;
  CHECK(status == 0);
  return true;
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  const char *folder = dirname(arguments[1]);
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (!silent(hidden_by_namespace, folder, starts[i]) || !silent(hidden_by_chroot, folder, starts[i])) {
      fprintf(stderr, "rooting: no right to mount, skipped\n");
      return 0;
    }
  return end("rooting");
}
