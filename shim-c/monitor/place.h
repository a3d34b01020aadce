/*
 * Where the guest's paths really are. Stacks are small (signal handlers, threads of PTHREAD_STACK_MIN):
 * nothing here needs more stack than the short rooms that are declared below.
 */
#ifndef BOXER_PLACE_H
#define BOXER_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define PLACE_ROOM 384

/* A path as the kernel has to know it. */
struct place {
  const char *path; /* the guest's own, or `text` */
  char *text;       /* `short_text`, or claimed memory of 2 * REMAP_ROOM bytes */
  char *short_text;
  size_t short_room;
};

/*
 * Declares a place with some room on the stack; CLAIMED_PLACE has none, for callers of libc functions that
 * need much stack.
 */
#define SHORT_PLACE(name)       \
  char name##_room[PLACE_ROOM]; \
  struct place name = {.text = name##_room, .short_text = name##_room, .short_room = PLACE_ROOM}
#define CLAIMED_PLACE(name) struct place name = {0}

/*
 * Whether a rule applies to the path; false without a system call for most paths. `directory` is as in
 * openat().
 */
bool is_remapped(int directory, const char *path);
/*
 * Finds the real path. Returns false, with errno set, when there is no memory or the path is too long. After
 * a true answer leave_place() has to follow once the kernel has seen the path; it keeps errno.
 */
bool find_place(int directory, const char *path, struct place *place);
void leave_place(struct place *place);

/*
 * Writes the absolute path that a relative one stands for to `*text`, which has `room` bytes and may become
 * claimed memory. Returns its length, 0 where the kernel does not tell the directory or the path is too long,
 * -1 when there is no memory.
 */
long absolute_path(int directory, const char *path, size_t length, char **text, size_t room);

#endif
