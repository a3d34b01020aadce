/* What every part of the process monitor shares: visibility, errno discipline and the small parts' interfaces. */
#ifndef BOXER_MONITOR_H
#define BOXER_MONITOR_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../service-wire.h"
#include "raw.h"

/* Everything is hidden but what symbols.def declares. */
#define EXPORT __attribute__((visibility("default")))

/* Sets errno and gives -1; the only place where the monitor writes errno. */
int fail(int error);
/* A raw result as libc would return it: -1 and errno for a failure, errno untouched otherwise. */
long returned(long result);
int last_error(void);

/* bytes.c; also what the compiler itself may call. */
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);

/* text.c */
bool starts_with(const char *text, const char *prefix);
/* Copies text and its NUL; false when it does not fit (nothing is written then). */
bool copy_text(char *to, size_t room, const char *text);

/* config.c: what the environment said when the process started. */
struct config {
  char socket[108]; /* sun_path of BOXER_SOCKET, abstract names with their leading NUL */
  uint32_t socket_length;
  const char *preload;     /* our own entry of LD_PRELOAD; NULL: none */
  char preload_setting[512]; /* "LD_PRELOAD=..." with nothing but that */
  char socket_setting[128]; /* "BOXER_SOCKET=..." */
  char remap_setting[4096]; /* "BOXER_REMAP=..." */
};
/* NULL: BOXER_SOCKET is not set, the monitor is inert on the network. */
const struct config *network_config(void);
/* The same where it has been asked for before: deep in a call there is no stack to read the environment with. */
const struct config *known_config(void);
/* NULL: neither variable is set. */
const struct config *any_config(void);
/* The value of BOXER_REMAP, NULL when unset. */
const char *remap_value(void);

/* signals.c: a signal handler must not run (and longjmp away) while a descriptor of ours is open. */
typedef uint64_t signal_mask;
void signals_block(signal_mask *old);
void signals_restore(const signal_mask *old);

/* request.c */
#define MILLISECOND 1000000 /* nanoseconds */
int64_t monotonic_now(void);
struct waiting {
  int64_t limit;    /* microseconds, 0 for none */
  bool interrupted; /* a handler without SA_RESTART has run; the answer came all the same, or the result is EINTR */
  int64_t until;    /* monotonic_now() */
};
enum patience {
  PROMPT, /* the supervisor answers from memory: signals stay blocked, ten seconds at most */
  PATIENT, /* it has to ask others: handlers run while we wait, and we go on waiting, thirty seconds at most */
  INTERRUPTIBLE /* the same for connect(): a handler without SA_RESTART ends the wait with EINTR, a moment later */
};
/* One request and its reply. Gives 0, or the errno value of why there is no reply. `passed` (may be NULL) receives a
 * descriptor (close-on-exec) or -1. `waiting`: for INTERRUPTIBLE. */
int service_request(struct boxer_request *request, struct boxer_reply *reply, int *passed, enum patience patience,
                    struct waiting *waiting);
/* Tells the supervisor something and waits for nothing: neither for it nor for an answer. errno stays as it is. */
void service_hint(struct boxer_request *request);
/* table.c: IPv4 addresses as uint32_t in network order. */
/* We have just spoken to this process: if it is not the one that the table is from, the table is a dead supervisor's. */
void note_supervisor(int process);
enum destination { OUTSIDE, OWN, DIRECT, ASK, UNREACHABLE };
/* Where an address leads; `kernel` receives the address for the kernel when OWN or DIRECT. UNREACHABLE: there is no supervisor. */
enum destination destination_of(uint32_t address, uint32_t *kernel);
/* Zero while the node has not joined. */
uint32_t self_overlay(void);
uint32_t self_underlay(void);
/* Whether others reach this node directly, so that what it accepts comes from the kernel alone. */
bool self_is_direct(void);
uint32_t overlay_mask(void);
/* What the kernel binds in the own overlay address' place, zero for the wildcard. */
uint32_t self_bound(void);
bool is_signal_source(uint32_t address);
/* The overlay address of a node that is reached directly at `underlay`, zero when there is none. */
uint32_t overlay_of_direct(uint32_t underlay);
/* The node's hostname into `name`; false: the kernel's own stands. */
bool overlay_hostname(char name[BOXER_NAME_MAX]);

/* lookup.c: overlay addresses of a name. Gives their number, 0 when it is none of ours, or a negative EAI_* code. */
int overlay_lookup(const char *name, uint32_t addresses[BOXER_ADDRESS_MAX]);
/* The name of an overlay address. */
bool overlay_name(uint32_t address, char name[BOXER_NAME_MAX]);
bool in_overlay(uint32_t address);

/* getaddrinfo.c: whether this libc tells names without a fitting address from names that there are not. */
bool knows_no_data(void);

/* marks.c: what we remember about a descriptor, checked against its inode whenever it is read. */
enum mark {
  MARK_LISTENING = 1,
  MARK_OVERLAY_BOUND = 2, /* bound to the node's overlay address, which the kernel knows as the wildcard */
  MARK_ARRANGED = 4,      /* connected through the supervisor: even a loopback peer may stand for another node */
  MARK_MAPPED = 8,        /* an AF_INET socket that was accepted from an AF_INET6 listener */
  MARK_SHADOWED = 16      /* on 127.0.0.1:marked_port() in the guest's eyes; see bind.c */
};
/* Where MARK_SHADOWED sockets are, and nobody connects to. */
#define SHADOW_ADDRESS {127, 66, 79, 89}
unsigned marks_of(int fd);
void mark(int fd, unsigned marks);
void mark_port(int fd, unsigned marks, uint16_t port);
uint16_t marked_port(int fd);
void marks_copy(int from, int to);
void marks_clear(int fd);
/* True without a system call for nearly every descriptor that a program closes. */
bool never_marked(int fd);
/* nodes.c: whether this node is a function, and whether they are the platform's there. */
bool in_function(void);
bool is_platform_user(uint32_t user);
bool is_platform_group(uint32_t group);
/* account.c, group.c: what a user and a group are called that no image knows, as in Lambda's own base images. */
#define ACCOUNT "sbx_user1051"
/* carried.c: marks that go with the socket itself, over exec and SCM_RIGHTS. */
void carry_mark(int fd, unsigned mark, uint16_t port);
/* What a socket whose kernel address is `ip` carries; it is marked with it from now on. */
unsigned adopted(int fd, uint32_t ip);
/* Whether a value of TCP_NOTSENT_LOWAT is such a mark, and not the guest's own. */
bool is_carried(uint32_t low_water_mark);
/* known-names.c: the overlay's names of a connected socket, by its inode. */
void remember_names(uint64_t inode, const struct boxer_endpoint *local, const struct boxer_endpoint *peer);
void forget_names(uint64_t inode);
bool known_names(uint64_t inode, struct boxer_endpoint *local, struct boxer_endpoint *peer);
/* One above the highest descriptor that was ever marked. */
int marked_limit(void);
/* A vfork()ed child shares its parent's memory, so what it closes must not be forgotten there. */
bool is_vfork_child(void);
uint64_t socket_inode(int fd);

/* address.c */
union address {
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  struct sockaddr_storage storage;
};
/* Splits an AF_INET or IPv4-mapped AF_INET6 address; false for anything else. */
bool as_ipv4(const struct sockaddr *address, socklen_t length, struct boxer_endpoint *endpoint);
/* The same for the addresses that a socket can have: the IPv6 wildcard counts as 0.0.0.0. */
bool as_ipv4_or_any(const struct sockaddr *address, socklen_t length, struct boxer_endpoint *endpoint);
/* Writes an endpoint in the given family (AF_INET6: mapped); gives its length. */
socklen_t as_family(int family, const struct boxer_endpoint *endpoint, union address *address);
/* Copies an address out as the kernel does: cut to *room, *room becomes the full length. */
void copy_address(const union address *address, socklen_t length, struct sockaddr *to, socklen_t *room);
uint32_t endpoint_ip(const struct boxer_endpoint *endpoint);
void set_endpoint_ip(struct boxer_endpoint *endpoint, uint32_t address);
bool is_loopback(uint32_t address);
/* Whether `fd` is a socket and the guest's pointer can be followed, as far as an int. Where not, the call is the kernel's: it
 * knows the errno, and we do not crash. */
bool readable(int fd, const void *pointer);
/* Where it need not be asked. */
bool on_callers_stack(const void *pointer);
int socket_option(int fd, int level, int option);
/* getsockname/getpeername of the kernel as an endpoint; gives the family, 0 when it is no IPv4 address. */
int kernel_name(int fd, long call, struct boxer_endpoint *endpoint);

/* fortified.c: ends the process, as libc does, where a buffer is smaller than the guest says. */
void check_room(size_t size, size_t room);

/* denied.c: a call with this path has failed; `error` is its errno value. Keeps errno. */
void note_denied(int directory, const char *path, int error);

/* moved.c: a system call with its paths remapped; results as libc gives them. */
long moved(long number, long a, long b, long c, long d, long e, long f);
#define MOVED(number, a, b, c, d, e) ((int)moved((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0))

/* Bodies of intercepted calls that have several names (and are reached through syscall() too). They set errno as libc does. */
struct utsname;
int on_connect(int fd, const struct sockaddr *address, socklen_t length);
int on_bind(int fd, const struct sockaddr *address, socklen_t length);
int on_listen(int fd, int backlog);
int on_accept(int fd, struct sockaddr *address, socklen_t *room);
int on_accept4(int fd, struct sockaddr *address, socklen_t *room, int flags);
int on_getsockname(int fd, struct sockaddr *address, socklen_t *room);
int on_getpeername(int fd, struct sockaddr *address, socklen_t *room);
ssize_t on_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address, socklen_t length);
ssize_t on_sendmsg(int fd, const struct msghdr *message, int flags);
struct mmsghdr;
int on_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int on_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int on_getsockopt(int fd, int level, int option, void *value, socklen_t *size);
ssize_t on_recvfrom(int fd, void *bytes, size_t size, int flags, struct sockaddr *address, socklen_t *room);
ssize_t on_recvmsg(int fd, struct msghdr *message, int flags);
int on_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout);
int on_close(int fd);
int on_close_range(unsigned first, unsigned last, int flags);
int on_dup2(int from, int to);
int on_dup3(int from, int to, int flags);
long on_getcwd(char *to, size_t size); /* as the system call: the length with its NUL */
long on_ioctl(int fd, unsigned long request, void *argument);
long on_io_uring_setup(unsigned entries, void *settings); /* the kernel's result */
int on_uname(struct utsname *name);
int on_execve(const char *path, char *const *arguments, char *const *environment);
int on_execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags);

/* connect.c: the kernel's connect, through libc's: a raw system call would be no cancellation point. */
int kernel_connect_to(int fd, int family, const struct boxer_endpoint *endpoint);
/* arranged.c: connect() to a node that the supervisor knows the way to. Sets errno as libc does. */
int connect_arranged(int fd, int family, const struct boxer_endpoint *peer);

/* Overlay view of a peer; left as it is where nobody knows better. */
void overlay_peer(int fd, struct boxer_endpoint *peer);
/* Gives `to` what an accepted socket inherits from its listener `from`. */
void inherit_options(int from, int to);

#endif
