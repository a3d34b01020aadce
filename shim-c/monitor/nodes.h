/* Which overlay address leads where. IPv4 addresses are uint32_t in network order. */
#ifndef BOXER_NODES_H
#define BOXER_NODES_H

#include <stdbool.h>
#include <stdint.h>

enum destination { OUTSIDE, OWN, DIRECT, ASK, UNREACHABLE };
/*
 * Where an address leads. `kernel` receives the address for the kernel when the result is OWN or DIRECT.
 * UNREACHABLE: there is no supervisor.
 */
enum destination destination_of(uint32_t address, uint32_t *kernel);
bool in_overlay(uint32_t address);
uint32_t overlay_mask(void);
/* The overlay address of the node that is reached directly at `underlay`, zero when there is none. */
uint32_t overlay_of_direct(uint32_t underlay);

/* This node's addresses; zero while the node has not joined. */
uint32_t self_overlay(void);
uint32_t self_underlay(void);
/* The address that the kernel binds in place of this node's overlay address; zero is the wildcard. */
uint32_t self_bound(void);
/*
 * Whether other nodes reach this node directly, so that its accepted connections come from the kernel alone.
 */
bool self_is_direct(void);
/* Whether connections from this address are signal connections. */
bool is_signal_source(uint32_t address);

/* Whether this node is a function, and whether a user or a group is the platform's there. */
bool in_function(void);
bool is_platform_user(uint32_t user);
bool is_platform_group(uint32_t group);

#endif
