/* The plugin that test/loading.c loads. */
#include <unistd.h>

int plugin_value(void);
int plugin_value(void) { return 42; }

/* The program has a function of the same name. */
int shared_value(void);
int shared_value(void) { return 2; }

/* Whether a path exists, by a call of access(), by a pointer to it that the loader has stored, and by a
 * pointer that dlsym() returns. */
typedef int access_function(const char *, int);
static access_function *const stored[] = {access};
int plugin_sees(const char *path);
int plugin_sees(const char *path) {
  access_function *volatile taken = access;
  return (access(path, R_OK) == 0) + 2 * (stored[0](path, R_OK) == 0) + 4 * (taken(path, R_OK) == 0);
}
int plugin_shares(void);
int plugin_shares(void) { return shared_value(); }
