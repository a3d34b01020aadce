/* The trace of decisions. Only a traced build has this file. */
#include "trace.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "../service-wire.h"
#include "monitor.h"
#include "reading.h"
#include "text.h"

extern char **environ;

#define LINE 512     /* a longer line is cut */
#define LONGEST 200u /* of one string */
#define STDERR 2

struct line {
  char text[LINE];
  size_t length;
};

static void put(struct line *line, char letter) {
  if (line->length < LINE - 1) line->text[line->length++] = letter;
}

static void put_text(struct line *line, const char *text) {
  size_t length = text ? text_length(text, LONGEST) : UNREADABLE;
  if (length == UNREADABLE) {
    text = "(unreadable)";
    length = strlen(text);
  }
  for (size_t i = 0; i < length; i++) put(line, text[i] == '\n' ? ' ' : text[i]);
}

static void put_number(struct line *line, long number) {
  char digits[20];
  int count = 0;
  unsigned long rest = number < 0 ? -(unsigned long)number : (unsigned long)number;
  do digits[count++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0) put(line, '-');
  while (count > 0) put(line, digits[--count]);
}

static void put_endpoint(struct line *line, const struct boxer_endpoint *endpoint) {
  for (int i = 0; i < 4; i++) {
    put_number(line, endpoint->address[i]);
    put(line, i < 3 ? '.' : ':');
  }
  put_number(line, endpoint->port);
}

/* The number in BOXER_TRACE when the first decision was made. */
static int descriptor(void) {
  static _Atomic int known = -1;
  int found = atomic_load_explicit(&known, memory_order_relaxed);
  if (found >= 0) return found;
  found = STDERR;
  for (char **variable = environ; variable && *variable; variable++) {
    if (!starts_with(*variable, "BOXER_TRACE=")) continue;
    found = 0;
    for (const char *digit = *variable + sizeof "BOXER_TRACE=" - 1;
         *digit >= '0' && *digit <= '9' && found < 100000; digit++)
      found = found * 10 + *digit - '0';
  }
  atomic_store_explicit(&known, found, memory_order_relaxed);
  return found;
}

__attribute__((noinline)) void trace(const char *format, ...) {
  struct line line = {.length = 0};
  va_list values;
  va_start(values, format);
  put_text(&line, "boxer ");
  put_number(&line, raw(SYS_gettid));
  put_text(&line, ": ");
  for (; *format; format++) {
    if (*format != '%') {
      put(&line, *format);
      continue;
    }
    format++;
    if (*format == 'd') put_number(&line, va_arg(values, int));
    if (*format == 's') put_text(&line, va_arg(values, const char *));
    if (*format == 'a') put_endpoint(&line, va_arg(values, const struct boxer_endpoint *));
  }
  va_end(values);
  line.text[line.length++] = '\n';
  raw(SYS_write, descriptor(), line.text, line.length);
}
