/* dlopen() as a transcript: by a bare name, which only this program's own RUNPATH finds, and below <folder>. */
#include <dlfcn.h>

#include "check.h"

static void load(const char *what, const char *path) {
  void *object = dlopen(path, RTLD_NOW);
  int (*value)(void) = object ? (int (*)(void))dlsym(object, "plugin_value") : NULL;
  printf("%s: %d %s\n", what, value ? value() : -1, !object && dlerror() ? "not found" : "");
  if (object) dlclose(object);
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
  void *self = dlopen(NULL, RTLD_NOW);
  printf("itself: %d\n", self != NULL);
  /* What moves bytes, and tells no address, is found in libc, and connect() is not. */
  for (const char **name = (const char *[]){"read", "write", "send", "recv", "poll", "select", "epoll_wait", "epoll_ctl",
                                            "sendfile", "readv", "writev", "connect", NULL};
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
