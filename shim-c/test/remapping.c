/*
 * Files below a remapped path behave like other files. The transcript must be the same natively on a real
 * folder, and under the monitor on a folder that only exists at another path. Usage: remapping <folder>
 */
#include <dirent.h>
#include <dlfcn.h>
#ifdef __GLIBC__
#include <fts.h>
#endif
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <spawn.h>
#include <sys/ipc.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <utime.h>

#include "check.h"

static const char *folder;

static const char *in(const char *name) {
  static char rooms[4][600];
  static int turn;
  char *room = rooms[turn++ % 4];
  snprintf(room, sizeof rooms[0], "%s/%s", folder, name);
  return room;
}

static void say(const char *what, long result) {
  int error = errno;
  printf("%s: %ld %s\n", what, result, result < 0 ? strerror(error) : "");
  fflush(stdout);
}

/* Prints 0 for any descriptor, because descriptors differ from run to run, and closes the descriptor. */
static void say_fd(const char *what, int fd) {
  say(what, fd < 0 ? fd : 0);
  if (fd >= 0) close(fd);
}

static void opening(void) {
  umask(022);
  say_fd("open missing", open(in("a"), O_RDONLY));
  say_fd("open new", open(in("a"), O_RDWR | O_CREAT | O_EXCL, 0640));
  say_fd("open again", open(in("a"), O_RDWR | O_CREAT | O_EXCL, 0640));
  say_fd("openat", openat(AT_FDCWD, in("b"), O_RDWR | O_CREAT, 0600));
  say_fd("creat", creat(in("c"), 0755));
  say_fd("double slash", open(in("/.//c"), O_RDONLY));
  say_fd("through syscall", (int)syscall(SYS_openat, AT_FDCWD, in("c"), O_RDONLY));
  struct stat found;
  say("stat", stat(in("a"), &found));
  say("mode", found.st_mode & 07777);
  say("lstat", lstat(in("c"), &found));
  say("mode", found.st_mode & 07777);
  say("fstatat", fstatat(AT_FDCWD, in("b"), &found, 0));
  say("mode", found.st_mode & 07777);
  say("access", access(in("a"), R_OK));
  say("access missing", access(in("missing"), R_OK));
  say("faccessat", faccessat(AT_FDCWD, in("a"), W_OK, AT_EACCESS));
  const char *volatile none = NULL;
  say("NULL", stat(none, &found));
}

static void streams(void) {
  FILE *stream = fopen(in("text"), "w");
  say("fopen", stream ? fprintf(stream, "hello\n") : -1);
  stream = stream ? freopen(in("text"), "r", stream) : NULL;
  char line[16] = "";
  say("freopen", stream && fgets(line, sizeof line, stream) ? (long)strlen(line) : -1);
  if (stream) fclose(stream);
  DIR *directory = opendir(folder);
  int entries = 0;
  while (directory && readdir(directory)) entries++;
  say("opendir", entries);
  if (directory) closedir(directory);
  struct dirent **list;
  say("scandir", scandir(folder, &list, NULL, alphasort));
}

static void changing(void) {
  struct stat found;
  char text[64] = "";
  say("mkdir", mkdir(in("d"), 0750));
  say("mkdir again", mkdir(in("d"), 0750));
  say("rename", rename(in("a"), in("d/a")));
  say("link", link(in("d/a"), in("e")));
  say("symlink", symlink("d/a", in("f")));
  say("readlink", readlink(in("f"), text, sizeof text));
  say("follow", stat(in("f"), &found));
  say("links", (long)found.st_nlink);
  say("chmod", chmod(in("e"), 0604));
  say("no attribute", getxattr(in("e"), "user.none", text, sizeof text));
  say("no attribute of nothing", lgetxattr(in("missing"), "user.none", text, sizeof text));
  say("of no attributes", removexattr(in("missing"), "user.none"));
  say("out of the folder and back", access(in("../../../../../../../usr/bin/env"), X_OK));
  say("truncate", truncate(in("e"), 4096));
  say("stat", stat(in("f"), &found));
  say("size", found.st_size);
  say("utime", utime(in("e"), &(struct utimbuf){.actime = 5, .modtime = 6}));
  say("stat", stat(in("e"), &found));
  say("time", found.st_mtime);
  say("mkfifo", mkfifo(in("g"), 0600));
  say("rmdir full", rmdir(in("d")));
  say("unlink", unlink(in("d/a")));
  say("remove", remove(in("d")));
  say("remove", remove(in("e")));
  struct statvfs system;
  say("statvfs", statvfs(in("f"), &system));
  say("statvfs of the folder", statvfs(folder, &system));
  /* As `mkdir -p` does: changes to the parent, and then makes one folder after the other. */
  char parent[600];
  snprintf(parent, sizeof parent, "%s", folder);
  char *name = strrchr(parent, '/');
  *name++ = 0;
  int above = open(*parent ? parent : "/", O_RDONLY | O_DIRECTORY);
  say("open the parent", above >= 0);
  say_fd("into the folder", openat(above, name, O_RDONLY | O_DIRECTORY));
  say("fchdir", fchdir(above));
  say_fd("relative to it", open(name, O_RDONLY | O_DIRECTORY));
  snprintf(text, sizeof text, "%.40s/h", name);
  say("mkdir relative", mkdir(text, 0700));
  say("mkdirat again", mkdirat(above, text, 0700));
  say("rmdir relative", unlinkat(above, text, AT_REMOVEDIR));
  close(above);
  say("chdir", chdir(folder));
  say("relative", access("text", R_OK));
  say("back", chdir("/"));
}

/* Prints whether `found` is the path of this entry of the folder. The folder's path differs from run to run.
 */
static void say_path(const char *what, const char *found, const char *name) {
  char wanted[600];
  snprintf(wanted, sizeof wanted, "%s%s%s", folder, *name ? "/" : "", name);
  if (found && strcmp(found, wanted) != 0) fprintf(stderr, "%s gave %s\n", what, found);
  say(what, found ? strcmp(found, wanted) == 0 : -1);
}

/* The working directory, under the name that the guest uses. */
static void whereabouts(void) {
  char room[PATH_MAX];
  char small[8];
  say("mkdir", mkdir(in("deep"), 0700));
  say("chdir", chdir(in("deep")));
  say_path("getcwd", getcwd(room, sizeof room), "deep");
  say_path("into little room", getcwd(small, sizeof small), "");
  say_path("into none", getcwd(small, 0), "");
  char *own = getcwd(NULL, 0);
  say_path("of its own", own, "deep");
  free(own);
  own = getcwd(NULL, 2000);
  say_path("of that size", own, "deep");
  free(own);
  own = get_current_dir_name();
  say_path("get_current_dir_name", own, "deep");
  free(own);
  say("through syscall", syscall(SYS_getcwd, room, sizeof room) == (long)strlen(in("deep")) + 1);
  say_path("it", room, "deep");
  say("symlink", symlink("../text", "to-text"));
  say_path("realpath", realpath("to-text", room), "text");
  own = realpath(in("deep/.//../deep/to-text"), NULL);
  say_path("realpath of its own", own, "text");
  free(own);
  say_path("realpath of the folder", realpath(folder, room), "");
  say_path("realpath of nothing", realpath(in("missing"), room), "");
  say("unlink", unlink(in("deep/to-text")));
  say("chdir", chdir("/"));
  say("at the top", getcwd(room, sizeof room) ? strcmp(room, "/") : -1);
  say("rmdir", rmdir(in("deep")));
}

/* Older, rarer and fortified variants of calls that take or return paths. */
static void rare(void) {
  char room[PATH_MAX];
  /* mktemp() is looked up, because the linker warns about programs that call it. */
  char *(*mktemp)(char *) = (char *(*)(char *))dlsym(RTLD_DEFAULT, "mktemp");
  say_path("mktemp", *mktemp(strcpy(room, in("t-XXXXXX"))) ? in("t") : NULL, "t");
  say("its beginning", strncmp(room, in("t-"), strlen(in("t-"))));
  say("it is new", access(room, F_OK));
  say("mktemp without a template", (long)strlen(mktemp(strcpy(room, in("bad")))));
  say("pathconf", pathconf(folder, _PC_NAME_MAX));
  say("pathconf of nothing", pathconf(in("missing"), _PC_NAME_MAX));
  say("ftok of nothing", ftok(in("missing"), 5));
  say("ftok", ftok(in("text"), 5) != -1);
  say("lchmod", lchmod(in("text"), 0640) == 0 || errno == EOPNOTSUPP);
  say("chroot", chroot(in("missing")));
  say("execve through syscall", syscall(SYS_execve, in("missing"), (char *const[]){"x", NULL}, environ));
#ifdef __GLIBC__
  struct dirent **list;
  struct stat found;
  char *(*getwd)(char *) = (char *(*)(char *))dlsym(RTLD_DEFAULT, "getwd");
  extern char *__getwd_chk(char *, size_t);
  extern ssize_t __readlink_chk(const char *, char *, size_t, size_t);
  extern ssize_t __readlinkat_chk(int, const char *, char *, size_t, size_t);
  extern int __xmknod(int, const char *, mode_t, dev_t *);
  say("chdir", chdir(folder));
  say_path("getwd", getwd(room), "");
  say_path("__getwd_chk", __getwd_chk(room, sizeof room), "");
  say("chdir", chdir("/"));
  say("symlink", symlink("text", in("by-name")));
  say("__readlink_chk", __readlink_chk(in("by-name"), room, 100, sizeof room));
  say("__readlinkat_chk", __readlinkat_chk(AT_FDCWD, in("by-name"), room, 100, sizeof room));
  say("__xmknod", __xmknod(0, in("by-name"), S_IFIFO | 0600, &(dev_t){0}));
  say("futimesat", futimesat(AT_FDCWD, in("text"), (struct timeval[]){{5, 0}, {7, 0}}));
  say("stat", stat(in("text"), &found));
  say("time", found.st_mtime);
  int directory = open("/", O_RDONLY | O_DIRECTORY);
  say("scandirat", scandirat(directory, folder + 1, &list, NULL, alphasort) > 2);
  say("of nothing", scandirat(directory, in("missing"), &list, NULL, alphasort));
  close(directory);
  pid_t child = fork();
  if (child == 0) {
    close(2);
    __readlink_chk(in("by-name"), room, 100, 99);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  say("a buffer that is too small", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  say("unlink", unlink(in("by-name")));
#endif
}

/* Links with absolute targets. The kernel follows links, and does not know visible paths. */
static void links(void) {
  struct stat found;
  char text[PATH_MAX];
  char target[600];
  strcpy(target, in("text"));
  say("symlink", symlink(target, in("whole")));
  say("follow", stat(in("whole"), &found));
  say("size", found.st_size);
  say_fd("open", open(in("whole"), O_RDONLY));
  ssize_t length = readlink(in("whole"), text, sizeof text - 1);
  text[length > 0 ? length : 0] = 0;
  say_path("readlink", text, "text");
  say("into little room", readlink(in("whole"), text, 3));
  say("the beginning", strncmp(text, target, 3));
  say("symlinkat", symlinkat("/usr/bin/env", AT_FDCWD, in("outside")));
  say("readlinkat", readlinkat(AT_FDCWD, in("outside"), text, sizeof text));
  say("follow", access(in("outside"), X_OK));
  say("a long name that leads nowhere", symlink("/no/such/place", in("nowhere")));
  say("follow", access(in("nowhere"), R_OK));
  say("readlink of a file", readlink(in("text"), text, sizeof text));
  say("readlink of nothing", readlink(in("missing"), text, sizeof text));
  say("unlink", unlink(in("whole")) | unlink(in("outside")) | unlink(in("nowhere")));
}

static void temporary(void) {
  char template[600];
  struct stat found;
  strcpy(template, in("temporary-XXXXXX.txt"));
  say_fd("mkstemps", mkstemps(template, 4));
  say("named",
      strncmp(template, in("temporary-"), strlen(in("temporary-"))) == 0 && !strstr(template, "XXXXXX"));
  say("there", stat(template, &found));
  say("suffix", strcmp(template + strlen(template) - 4, ".txt"));
  strcpy(template, in("folder-XXXXXX"));
  say("mkdtemp", mkdtemp(template) == template);
  say("there", stat(template, &found) == 0 && S_ISDIR(found.st_mode));
  strcpy(template, in("bad"));
  say_fd("no template", mkstemp(template));
}

static void sockets(void) {
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strcpy(name.sun_path, in("socket"));
  say("bind", bind(server, (struct sockaddr *)&name, sizeof name));
  say("listen", listen(server, 1));
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  say("connect", connect(client, (struct sockaddr *)&name, sizeof name));
  say("bind again", bind(client, (struct sockaddr *)&name, sizeof name));
  struct sockaddr_un found = {0};
  socklen_t size = sizeof found;
  say("getsockname", getsockname(server, (struct sockaddr *)&found, &size));
  say_path("its name", found.sun_path, "socket");
  say("its length", (long)size - (long)strlen(in("socket")));
  size = sizeof found;
  say("getpeername", getpeername(client, (struct sockaddr *)&found, &size));
  say_path("its name", found.sun_path, "socket");
  say("of a client", getsockname(client, (struct sockaddr *)&found, &size) + (int)size);
  close(client);
  close(server);
}

static int walked;
static int visit(const char *path, const struct stat *found, int type, struct FTW *where) {
  (void)found, (void)type, (void)where;
  walked += access(path, F_OK) == 0;
  return 0;
}

static void walking(void) {
  say("mkdir", mkdir(in("walk"), 0700));
  for (const char **name = (const char *[]){"walk/one.txt", "walk/two.txt", "walk/three", NULL}; *name;
       name++)
    close(creat(in(*name), 0600));
  glob_t found;
  say("glob", glob(in("walk/*.txt"), 0, NULL, &found));
  say("found", (long)found.gl_pathc);
  say_path("first", found.gl_pathv[0], "walk/one.txt");
  say("glob more", glob(in("walk/th*"), GLOB_APPEND, NULL, &found));
  say_path("last", found.gl_pathv[2], "walk/three");
  globfree(&found);
  found.gl_offs = 2;
  say("glob behind", glob(in("walk/tw*"), GLOB_DOOFFS, NULL, &found));
  say_path("third", found.gl_pathv[2], "walk/two.txt");
  globfree(&found);
  say("glob nothing", glob(in("walk/x*"), 0, NULL, &found));
  say("glob itself", glob(in("walk/x*"), GLOB_NOCHECK, NULL, &found));
  say_path("it", found.gl_pathv[0], "walk/x*");
  globfree(&found);
  say("nftw", nftw(in("walk"), visit, 8, FTW_PHYS));
  say("walked", walked);
#ifdef __GLIBC__
  char one[600];
  strcpy(one, in("walk"));
  char *const beginnings[] = {one, "/no/such/folder", (char *)folder, NULL};
  FTS *tree = fts_open(beginnings, FTS_PHYSICAL, NULL);
  int kinds[16] = {0};
  for (FTSENT *entry; tree && (entry = fts_read(tree)); kinds[entry->fts_info & 15]++)
    if (entry->fts_level > 0 && access(entry->fts_accpath, F_OK) < 0) kinds[0]++;
  say("fts files", kinds[FTS_F]);
  say("fts folders", kinds[FTS_D]);
  say("fts not there", kinds[FTS_NS]);
  say("fts not found again", kinds[0]);
  if (tree) fts_close(tree);
  say("fts of nothing", fts_open((char *const[]){"", NULL}, FTS_PHYSICAL, NULL) ? 1 : -1);
#endif
  say("nftw nowhere", nftw(in("walk/missing"), visit, 8, 0));
}

static void programs(void) {
  FILE *script = fopen(in("script"), "w");
  fprintf(script, "#!/bin/sh\nexit 5\n");
  fclose(script);
  chmod(in("script"), 0755);
  char *const arguments[] = {"script", NULL};
  pid_t child = fork();
  if (child == 0) {
    execv(in("script"), arguments);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  say("execv", WEXITSTATUS(status));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, in("output"), O_WRONLY | O_CREAT, 0600);
  say("posix_spawn", posix_spawn(&child, in("script"), &actions, NULL, arguments, environ));
  waitpid(child, &status, 0);
  say("its status", WEXITSTATUS(status));
  say("its output", access(in("output"), F_OK));
}

/* Returns the exit code of the program that `way` finds, or 100 plus the errno if it finds none. */
static int found_by(int way, const char *name) {
  char *const arguments[] = {(char *)name, NULL};
  pid_t child = fork();
  if (child == 0) {
    int error = 0;
    if (way == 0) execvp(name, arguments);
    if (way == 1) execlp(name, name, NULL);
    if (way == 2) execvpe(name, arguments, (char *const[]){NULL});
    if (way == 3) error = posix_spawnp(&child, name, NULL, NULL, arguments, environ);
    int status;
    if (way == 3 && error == 0) waitpid(child, &status, 0), _exit(WEXITSTATUS(status));
    _exit(100 + (way == 3 ? error : errno));
  }
  int status;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

static void make_script(const char *name, const char *text, mode_t mode) {
  FILE *script = fopen(in(name), "w");
  fprintf(script, "%s", text);
  fclose(script);
  chmod(in(name), mode);
}

/* The search along PATH, if folders in PATH are remapped. */
static void searching(void) {
  char path[2000];
  char name[600];
  say("mkdir", mkdir(in("bin"), 0700) | mkdir(in("bin/true-folder"), 0700) | mkdir(in("more"), 0700));
  make_script("bin/found", "#!/bin/sh\nexit 6\n", 0755);
  make_script("bin/refused", "#!/bin/sh\nexit 6\n", 0644);
  make_script("bin/refused-first", "#!/bin/sh\nexit 6\n", 0644);
  make_script("more/refused-first", "#!/bin/sh\nexit 7\n", 0755);
  make_script("bin/true", "#!/bin/sh\nexit 8\n", 0755);
  make_script("bin/plain", "exit 9\n", 0755);
  make_script("bin/lost", "#!/no/such/interpreter\n", 0755);
  char *before = strdup(getenv("PATH"));
  snprintf(path, sizeof path, "/no/such/folder:%s:%s:/usr/bin:/bin", in("bin"), in("more"));
  setenv("PATH", path, 1);
  strcpy(name, in("bin/found"));
  for (int way = 0; way < 4; way++) {
    say("found", found_by(way, "found"));
    say("first of two", found_by(way, "true"));
    say("later", found_by(way, "false"));
    say("not found", found_by(way, "no-such-program"));
    say("no name", found_by(way, ""));
    say("refused", found_by(way, "refused"));
    say("refused, then found", found_by(way, "refused-first"));
    say("a folder", found_by(way, "true-folder"));
    say("without interpreter", found_by(way, "lost"));
    say("by its path", found_by(way, name));
    if (way < 3) say("no program", found_by(way, "plain"));
  }
  /* A script whose interpreter is in a remapped folder as well. */
  say("symlink", symlink("/bin/sh", in("bin/interpreter")));
  snprintf(path, sizeof path, "#! %s -e \n[ $# = 1 ] && exit $1\nexit 12\n", in("bin/interpreter"));
  make_script("bin/script", path, 0755);
  strcpy(name, in("bin/script"));
  for (int way = 0; way < 4; way++) {
    say("interpreted", found_by(way, "script"));
    say("by its path", found_by(way, name));
  }
  pid_t child;
  int status;
  say("posix_spawn", posix_spawn(&child, name, NULL, NULL, (char *const[]){"script", "13", NULL}, environ));
  waitpid(child, &status, 0);
  say("its status", WEXITSTATUS(status));
  child = fork();
  if (child == 0) _exit(execl(name, "script", "14", NULL));
  waitpid(child, &status, 0);
  say("execl", WEXITSTATUS(status));
  snprintf(path, sizeof path, "/usr/bin:/bin:%s:", in("bin"));
  setenv("PATH", path, 1);
  say("behind another", found_by(0, "true"));
  say("chdir", chdir(in("more")));
  say("in the current folder", found_by(0, "refused-first"));
  say("chdir", chdir("/"));
  int directory = open(in("bin"), O_RDONLY | O_DIRECTORY);
  child = fork();
  if (child == 0)
    _exit(syscall(SYS_execveat, directory, "../bin/found", (char *const[]){"found", NULL}, environ, 0) < 0
              ? errno
              : 0);
  waitpid(child, &status, 0);
  say("execveat", WEXITSTATUS(status));
  close(directory);
  setenv("PATH", before, 1);
  free(before);
}

/* A path that begins with the name of the visible folder, but is not below it. */
static void outside(void) {
  char name[600];
  snprintf(name, sizeof name, "%s-not", folder);
  say("another folder", mkdir(name, 0700));
  say("removed", rmdir(name));
  say("in /tmp", access("/tmp", X_OK));
  char longest[5000];
  snprintf(longest, sizeof longest, "%s/", folder);
  memset(longest + strlen(longest), 'x', sizeof longest - strlen(longest) - 1);
  longest[sizeof longest - 1] = 0;
  say("too long", access(longest, F_OK));
}

int main(int argc, char **argv) {
  if (argc != 2) return 99;
  folder = argv[1];
  opening();
  streams();
  changing();
  whereabouts();
  links();
  rare();
  temporary();
  sockets();
  walking();
  programs();
  searching();
  outside();
  return 0;
}
