/* Names of the overlay. */
#ifndef BOXER_LOOKUP_H
#define BOXER_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "../service-wire.h"

/*
 * Writes the overlay addresses of a name. Returns their number, 0 for a name outside the overlay, or a
 * negative EAI_* code.
 */
int overlay_lookup(const char *name, uint32_t addresses[BOXER_ADDRESS_MAX]);
/* Writes the name of an overlay address; false when there is none. */
bool overlay_name(uint32_t address, char name[BOXER_NAME_MAX]);
/* Writes the node's host name; false when the kernel's own applies. */
bool overlay_hostname(char name[BOXER_NAME_MAX]);

#endif
