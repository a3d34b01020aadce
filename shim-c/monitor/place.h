/* Where the guest's paths stand, and what it is shown of them. Stacks are small (signal handlers, threads of PTHREAD_STACK_MIN): none of
 * this needs more than the short rooms that are declared here. */
#ifndef BOXER_PLACE_H
#define BOXER_PLACE_H

#include "monitor.h"

/* reading.c: the guest's pointers are the kernel's to judge. */
#define UNREADABLE ((size_t)-1)
/* Whether `size` bytes can be read, or written. */
bool can_read(const void *pointer, size_t size);
bool can_write(const void *pointer, size_t size);
/* A string's length, `limit` where it is not shorter, UNREADABLE where the kernel would say EFAULT. */
size_t text_length(const char *text, size_t limit);

/* claim.c: memory for what is too long for a stack. NULL (errno untouched) when there is none. `place`: HERE, or any variable of the function
 * that gives it back, by which it is known when that function has been left without doing so. */
#define HERE __builtin_frame_address(0)
void *claim(size_t size, const void *place);
void unclaim(void *memory);

/* rules.c: BOXER_REMAP. */
#define REMAP_ROOM 4096
struct rule {
  const char *visible; /* as strings, without a slash at the end */
  const char *real;
  uint16_t visible_length;
  uint16_t real_length;
};
/* Takes the rules out of BOXER_REMAP's value. */
void remap_read(const char *value);
/* False for nearly every absolute path that no rule is about, at the price of a comparison. */
bool begins_like_a_rule(const char *path);
/* The rule that an absolute path is below, and the rest of the path; the first one counts. NULL: none. */
const struct rule *rule_of(const char *path, size_t length, const char **rest);
/* Every rule, for those who look at them from the other side. */
const struct rule *rules_begin(void);
const struct rule *rules_end(void);
/* Whether the rest of a path leads out of the folder that it starts in: only the file system could tell where to. */
bool climbs_out(const char *rest);

/* The name of a socket is no longer than its path. */
#define NAME_ROOM 109

/* place.c */
#define PLACE_ROOM 384
/* A path as the kernel shall know it. */
struct place {
  const char *path; /* the guest's own, or `text` */
  char *text;       /* `short_text`, or claimed memory of 2 * REMAP_ROOM bytes */
  char *short_text;
  size_t short_room;
};
/* Declares one with some room on the stack, or without where libc's own function needs much of that. */
#define SHORT_PLACE(name)             \
  char name##_room[PLACE_ROOM];       \
  struct place name = {.text = name##_room, .short_text = name##_room, .short_room = PLACE_ROOM}
#define CLAIMED_PLACE(name) struct place name = {0}
/* Whether the path stays what it is: true without a system call for what no rule is about. `directory`: as in openat(). */
bool stays(int directory, const char *path);
/* False: errno says why there is none. leave_place() has to follow a true answer, once the kernel has seen the path; it keeps errno. */
bool find_place(int directory, const char *path, struct place *place);
void leave_place(struct place *place);

/* The path that a relative one stands for, in `*text`, which has `room` bytes and may become claimed memory. Gives its length, 0 where the
 * kernel does not tell the directory or it is too long; -1 when there is no memory. */
long absolute_path(int directory, const char *path, size_t length, char **text, size_t room);

/* search.c: where execvp() would find `file` when that is in a remapped folder; else `file` itself. As find_place(). */
bool search_place(const char *file, struct place *place);

/* lexical.c: the path without "." and "..", by its text alone. `to` may be `path` itself, and has to have its length and two bytes more. */
void lexical_path(const char *path, char *to);

/* shown.c: the way back. */
struct shown {
  const char *start; /* what is seen in place of the first `hidden` bytes */
  size_t start_length;
  size_t hidden;
  size_t length; /* of all that is seen */
};
/* False: what the kernel says is what is seen. */
bool find_shown(const char *path, size_t length, struct shown *shown);
/* Whether a path could turn out to be one that is shown otherwise, were it longer than these bytes of it. */
bool may_be_shown(const char *path, size_t length);
/* Rewrites a path of `length` bytes and a NUL where it stands; there has to be room. */
void show(char *path, size_t length, const struct shown *shown);
/* The same into memory that nobody has looked at yet, at most `size` bytes: 0, -EFAULT, -ENOMEM. `path` may be in the same place. */
long show_out(char *to, size_t size, const char *path, size_t length, const struct shown *shown);

/* unix-address.c: the address of a Unix socket, as the kernel shall know it. */
struct unix_place {
  union address address;
  socklen_t length;
  int fd;                /* which leads there, or -1 */
  char name[NAME_ROOM];  /* of a new socket that has to be renamed */
  char short_name[32];   /* with its slash */
};
/* Whether it is a path that stands elsewhere. */
bool is_moved_unix(const struct sockaddr *address, socklen_t length);
/* False: errno says why. leave_unix_place() has to follow a true answer. */
bool find_unix_place(struct unix_place *place, const struct sockaddr *address, socklen_t length);
/* The same for bind(), after which settle_unix() gives the socket's file its name: 0, or -errno. */
bool find_new_unix_place(struct unix_place *place, const struct sockaddr *address, socklen_t length);
long settle_unix(const struct unix_place *place);
void leave_unix_place(const struct unix_place *place);
/* An address that the kernel gave, as the guest knows it; false: it stays as it is. There has to be a byte behind it. */
bool visible_unix(union address *address, socklen_t *length);

#endif
