// Starts the node supervisor in any image: /opt/boxer/bin/boxer COMMAND...
#include <stddef.h>
#include <string.h>

#include "launcher.h"

int main(int argc, char **argv, char **envp) {
  if (argc == 2 && strcmp(argv[1], "running") == 0) return wait_until_running();
  if (argc > 2 && strcmp(argv[1], "node") == 0 && strcmp(argv[2], "--") == 0) {
    int code = run_beside(argc, argv, envp);
    if (code >= 0) return code;
  }
  return become_supervisor(argc, argv, envp);
}
