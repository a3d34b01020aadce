/* The rules of BOXER_REMAP. */
#ifndef BOXER_RULES_H
#define BOXER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest path, and the longest value of BOXER_REMAP. */
#define REMAP_ROOM 4096

struct rule {
  const char *visible; /* a path without a slash at its end */
  const char *real;    /* likewise */
  uint16_t visible_length;
  uint16_t real_length;
};

/* Reads the rules from BOXER_REMAP's value. */
void remap_read(const char *value);
/* False, at the price of a comparison, for nearly every absolute path that no rule applies to. */
bool begins_like_a_rule(const char *path);
/*
 * The first rule that applies to an absolute path, and the rest of the path behind the rule's prefix. NULL:
 * none.
 */
const struct rule *rule_of(const char *path, size_t length, const char **rest);
/* All rules, for translating real paths back. */
const struct rule *rules_begin(void);
const struct rule *rules_end(void);
/*
 * Whether the rest of a path leads out of the folder that it starts in. Only the file system could tell where
 * to.
 */
bool climbs_out(const char *rest);

#endif
