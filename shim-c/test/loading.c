/* A transcript of dlopen() with a bare name, which only this program's RUNPATH finds, and with paths below
 * <folder>. */
#include <dlfcn.h>

#include "check.h"

static void load(const char *what, const char *path) {
  void *object = dlopen(path, RTLD_NOW);
  int (*value)(void) = object ? (int (*)(void))dlsym(object, "plugin_value") : NULL;
  printf("%s: %d %s\n", what, value ? value() : -1, !object && dlerror() ? "not found" : "");
  if (object) dlclose(object);
}

/* The plugin has a symbol of the same name. */
int shared_value(void);
int shared_value(void) { return 1; }

#ifndef RTLD_DEEPBIND
#define RTLD_DEEPBIND 8
#endif

static void load_deeply(const char *folder, const char *name, int flags) {
  char path[600];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  void *object = dlopen(path, flags | RTLD_DEEPBIND);
  int (*shares)(void) = object ? (int (*)(void))dlsym(object, "plugin_shares") : NULL;
  int (*sees)(const char *) = object ? (int (*)(const char *))dlsym(object, "plugin_sees") : NULL;
  printf("%s, deeply: shared %d, sees %d\n", name, shares ? shares() : -1, sees ? sees(path) : -1);
  int (*found)(const char *, int) = object ? (int (*)(const char *, int))dlsym(object, "access") : NULL;
  printf("%s, by the plugin's handle: %d\n", name, found ? found(path, R_OK) : -2);
  if (object) dlclose(object);
}

/* Looks up symbols as foreign function interfaces do. */
static void look_up(const char *folder) {
  char path[600];
  snprintf(path, sizeof path, "%s/libplugin.so", folder);
  void *libc = dlopen("libc.so.6", RTLD_NOW);
  if (!libc) libc = dlopen("libc.so", RTLD_NOW); /* musl */
  int (*found)(const char *, int) = (int (*)(const char *, int))dlsym(libc, "access");
  printf("by libc's handle: %d\n", found ? found(path, R_OK) : -2);
  found = (int (*)(const char *, int))dlsym(dlopen(NULL, RTLD_NOW), "access");
  printf("by the program's handle: %d\n", found ? found(path, R_OK) : -2);
#ifdef __GLIBC__
  found = (int (*)(const char *, int))dlvsym(libc, "access", "GLIBC_2.2.5");
  printf("by version: %d\n", found ? found(path, R_OK) : -2);
  found = (int (*)(const char *, int))dlvsym(libc, "access", "GLIBC_0");
  printf("by no version: %d\n", found ? found(path, R_OK) : -2);
#endif
  printf("no such name: %s\n", dlsym(libc, "no_such_function") ? "found"
                               : dlerror()                     ? "an error"
                                                               : "no error");
  printf("what is not ours: %d\n", dlsym(libc, "strlen") == dlsym(RTLD_DEFAULT, "strlen"));
}

int main(int argc, char **argv) {
  if (argc != 2) return 99;
  char path[600];
  load("bare name", "libplugin.so");
  snprintf(path, sizeof path, "%s/libplugin.so", argv[1]);
  load("path", path);
  snprintf(path, sizeof path, "%s/missing.so", argv[1]);
  load("missing", path);
  load("missing bare name", "libmissing-plugin.so");
  load_deeply(argv[1], "libplugin-lazy.so", RTLD_LAZY);
  load_deeply(argv[1], "libplugin-now.so", RTLD_NOW);
  load_deeply(argv[1], "libplugin-global.so", RTLD_LAZY | RTLD_GLOBAL);
  look_up(argv[1]);
  void *self = dlopen(NULL, RTLD_NOW);
  printf("itself: %d\n", self != NULL);
  /* Calls that transfer bytes and report no address are found in libc. connect() is found in the monitor. */
  for (const char **name = (const char *[]){"read", "write", "send", "recv", "poll", "select", "epoll_wait",
                                            "epoll_ctl", "sendfile", "readv", "writev", "connect", NULL};
       *name; name++) {
    Dl_info where = {0};
    void *symbol = dlsym(RTLD_DEFAULT, *name);
    bool ours = symbol && dladdr(symbol, &where) && strstr(where.dli_fname, "libboxer.so");
    if (strcmp(*name, "connect") == 0)
      fprintf(stderr, "connect is %s\n", ours ? "intercepted" : "libc's");
    else
      printf("%s: %s\n", *name, symbol ? (ours ? "intercepted" : "libc's") : "missing");
  }
  return 0;
}
