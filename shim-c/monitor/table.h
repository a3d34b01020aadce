/* Reading the shared table; only table.c, nodes.c and lookup.c look into it. */
#ifndef BOXER_TABLE_H
#define BOXER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "../service-wire.h"

/* The newest copy, for single words; NULL when the supervisor cannot be reached or the monitor is inert. */
const struct boxer_table *shared_table(void);
/* Waits until the supervisor has answered once, or does not answer. */
void await_table(void);
/* Four bytes at once; addresses come in network order. */
uint32_t table_word(const uint8_t field[4]);
/*
 * do { table = table_begin(&sequence); copy... } while (table_changed(table, sequence) && --attempts); NULL
 * as shared_table().
 */
const struct boxer_table *table_begin(uint32_t *sequence);
bool table_changed(const struct boxer_table *table, uint32_t sequence);

#define TABLE_ATTEMPTS 64

#endif
