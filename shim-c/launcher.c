// /opt/boxer/bin/boxer: starts the node supervisor in any image, without a shell, a libc or a dynamic loader of
// the image's own. Linked statically.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NODE "/opt/boxer/bin/node"
#define HIDDEN_AS "BOXER_GUEST_"

// Variables that the guest means for its own programs and that would change ours: a preloaded library of another
// libc, a NODE_OPTIONS that loads the application's tracing. lib/start.cjs gives them back.
static const char *const hidden[] = {"LD_", "NODE_", "UV_", "OPENSSL_", "SSL_CERT_", "GLIBC_TUNABLES=", "MALLOC_"};

// Node's own warnings would stand in the guest's log.
static char *const flags[] = {"--no-warnings", "--require", "/opt/boxer/lib/start.cjs",
                              "/opt/boxer/lib/boxer.mjs"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int is_hidden(const char *variable) {
  for (size_t i = 0; i < COUNT(hidden); i++)
    if (strncmp(variable, hidden[i], strlen(hidden[i])) == 0) return 1;
  return 0;
}

static char *renamed(const char *variable) {
  size_t length = strlen(variable) + 1;
  char *copy = malloc(sizeof HIDDEN_AS - 1 + length);
  if (copy == NULL) return NULL;
  memcpy(copy, HIDDEN_AS, sizeof HIDDEN_AS - 1);
  memcpy(copy + sizeof HIDDEN_AS - 1, variable, length);
  return copy;
}

static int fail(int error) {
  const char *message = strerror(error);
  (void)!write(STDERR_FILENO, "boxer: cannot start " NODE ": ", sizeof "boxer: cannot start " NODE ": " - 1);
  (void)!write(STDERR_FILENO, message, strlen(message));
  (void)!write(STDERR_FILENO, "\n", 1);
  // The codes that a shell gives: found but not to be started, and not found.
  return error == ENOENT ? 127 : 126;
}

int main(int argc, char **argv, char **envp) {
  char **arguments = calloc((size_t)argc + COUNT(flags) + 2, sizeof *arguments);
  if (arguments == NULL) return fail(ENOMEM);
  arguments[0] = argc > 0 ? argv[0] : "boxer";
  memcpy(arguments + 1, flags, sizeof flags);
  for (int i = 1; i < argc; i++) arguments[COUNT(flags) + (size_t)i] = argv[i];

  for (char **variable = envp; *variable != NULL; variable++)
    if (is_hidden(*variable) && (*variable = renamed(*variable)) == NULL) return fail(ENOMEM);

  execve(NODE, arguments, envp);
  return fail(errno);
}
