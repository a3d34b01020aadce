/*
 * The interpreter of a script. The kernel starts it by the path in the script's first line, which may be one
 * that only the guest knows.
 */
#include "script.h"

#include <fcntl.h>

#include "monitor.h"
#include "place.h"

static bool is_blank(char letter) { return letter == ' ' || letter == '\t'; }

bool parse_script(struct script *script, size_t length) {
  if (length < 3 || script->line[0] != '#' || script->line[1] != '!') return false;
  script->line[length] = 0;
  char *end = script->line;
  while (*end && *end != '\n') end++;
  while (end > script->line + 2 && is_blank(end[-1])) end--;
  *end = 0;
  char *name = script->line + 2;
  while (is_blank(*name)) name++;
  char *argument = name;
  while (*argument && !is_blank(*argument)) argument++;
  if (*argument) *argument++ = 0;
  while (is_blank(*argument)) argument++;
  script->name = name;
  script->argument = *argument ? argument : NULL;
  script->place = (struct place){.text = script->room, .short_text = script->room, .short_room = PLACE_ROOM};
  if (!find_place(AT_FDCWD, name, &script->place)) return false;
  if (script->place.path != name) return true;
  leave_place(&script->place);
  return false;
}

bool read_script(const char *path, struct script *script) {
  long fd = raw(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  long length = raw(SYS_read, fd, script->line, sizeof script->line - 1);
  raw(SYS_close, fd);
  return length > 0 && parse_script(script, (size_t)length);
}

void script_arguments(struct script *script, const char *path, char *const *arguments, char **to) {
  *to++ = script->name;
  if (script->argument) *to++ = script->argument;
  *to++ = (char *)(uintptr_t)path;
  if (arguments && *arguments)
    while (*++arguments) *to++ = *arguments;
  *to = NULL;
}
