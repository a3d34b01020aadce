/*
 * res_query() and its kin. Questions about the overlay are answered here, as DNS messages; libc asks the DNS
 * about all others.
 */
#include <netdb.h>
#include <resolv.h>

#include "config.h"
#include "dns.h"
#include "libc.h"
#include "lookup.h"
#include "monitor.h"
#include "nodes.h"

extern int *__h_errno_location(void);

/* The question is not about the overlay. */
#define PASS (-2)

/*
 * Returns the size of the answer, or PASS. `found` receives what res_query() makes of it: 0, or an h_errno
 * value.
 */
static int answer(const struct dns_question *question, unsigned char *to, int room, int *found) {
  uint32_t addresses[BOXER_ADDRESS_MAX];
  uint32_t address;
  char host[BOXER_NAME_MAX];
  if (!network_config() || question->class != DNS_INTERNET || room < 0) return PASS;
  enum dns_code code = DNS_NO_ERROR;
  int count = 0;
  bool reverse = dns_reverse_address(question->name, &address);
  if (reverse && !in_overlay(address)) return PASS;
  if (!reverse && (count = overlay_lookup(question->name, addresses)) == 0) return PASS;
  *found = NO_DATA;
  bool named = reverse && overlay_name(address, host);
  if (reverse && !named) *found = HOST_NOT_FOUND, code = DNS_NAME_ERROR;
  if (count == EAI_NONAME) *found = HOST_NOT_FOUND, code = DNS_NAME_ERROR;
  if (count < 0 && count != EAI_NONAME) *found = TRY_AGAIN, code = DNS_SERVER_FAILURE;
  bool any = question->type == DNS_ANY;
  if (count < 0 || !(any || question->type == DNS_A)) count = 0;
  if (!(any || question->type == DNS_PTR)) named = false;
  if (count > 0 || named) *found = 0;
  int size = dns_answer(question, code, addresses, count, named ? host : NULL, to, room);
  if (size < 0) *found = NO_RECOVERY;
  return size;
}

static bool ask(const char *name, const char *domain, int class, int type, struct dns_question *question) {
  size_t length = strlen(name);
  size_t more = domain ? strlen(domain) + 1 : 0;
  if (length > 0 && name[length - 1] == '.' && !domain) length--;
  if (length == 0 || length + more >= sizeof question->name) return false;
  memcpy(question->name, name, length);
  if (domain) {
    question->name[length] = '.';
    memcpy(question->name + length + 1, domain, more - 1);
  }
  question->name[length + more] = 0;
  if (domain && question->name[length + more - 1] == '.') question->name[length + more - 1] = 0;
  question->type = type;
  question->class = class;
  question->id = (uint16_t)raw(SYS_gettid);
  return true;
}

/* As in libc's queries, an answer without a record is an error. */
static int query(struct __res_state *state, const char *name, const char *domain, int class, int type,
                 unsigned char *to, int room) {
  struct dns_question question;
  int error = 0;
  if (!name || !ask(name, domain, class, type, &question)) return PASS;
  int size = answer(&question, to, room, &error);
  if (size == PASS || !error) return size;
  *__h_errno_location() = error;
  if (state) state->res_h_errno = error;
  return -1;
}

static int answer_message(const unsigned char *message, int size, unsigned char *to, int room) {
  struct dns_question question;
  int found;
  return dns_parse(message, size, &question) ? answer(&question, to, room, &found) : PASS;
}

/* Calls libc's function under either of its names; fails where it has none, as musl lacks the n forms. */
#define PASS_ON(name, type, arguments)    \
  type real = LIBC(type, name);           \
  if (!real) real = LIBC(type, __##name); \
  if (real) return real arguments;        \
  *__h_errno_location() = NO_RECOVERY;    \
  return -1;

#define BOTH(name, parameters, arguments)                            \
  EXPORT int boxer_##name parameters __asm__(#name);                 \
  EXPORT int boxer___##name parameters __asm__("__" #name);          \
  EXPORT int boxer_##name parameters { return on_##name arguments; } \
  EXPORT int boxer___##name parameters { return on_##name arguments; }

typedef int (*query_function)(const char *, int, int, unsigned char *, int);
typedef int (*domain_function)(const char *, const char *, int, int, unsigned char *, int);
typedef int (*send_function)(const unsigned char *, int, unsigned char *, int);
typedef int (*nquery_function)(struct __res_state *, const char *, int, int, unsigned char *, int);
typedef int (*ndomain_function)(struct __res_state *, const char *, const char *, int, int, unsigned char *,
                                int);
typedef int (*nsend_function)(struct __res_state *, const unsigned char *, int, unsigned char *, int);

#define BY_NAME(name)                                                                        \
  static int on_##name(const char *host, int class, int type, unsigned char *to, int room) { \
    int size = query(NULL, host, NULL, class, type, to, room);                               \
    if (size != PASS) return size;                                                           \
    PASS_ON(name, query_function, (host, class, type, to, room))                             \
  }                                                                                          \
  BOTH(name, (const char *host, int class, int type, unsigned char *to, int room),           \
       (host, class, type, to, room))
#define BY_STATE_AND_NAME(name)                                                                             \
  static int on_##name(struct __res_state *state, const char *host, int class, int type, unsigned char *to, \
                       int room) {                                                                          \
    int size = query(state, host, NULL, class, type, to, room);                                             \
    if (size != PASS) return size;                                                                          \
    PASS_ON(name, nquery_function, (state, host, class, type, to, room))                                    \
  }                                                                                                         \
  BOTH(name,                                                                                                \
       (struct __res_state * state, const char *host, int class, int type, unsigned char *to, int room),    \
       (state, host, class, type, to, room))

/* An overlay name is complete, so no search domain is tried. */
BY_NAME(res_query)
BY_NAME(res_search)
BY_STATE_AND_NAME(res_nquery)
BY_STATE_AND_NAME(res_nsearch)

static int on_res_querydomain(const char *host, const char *domain, int class, int type, unsigned char *to,
                              int room) {
  int size = query(NULL, host, domain, class, type, to, room);
  if (size != PASS) return size;
  PASS_ON(res_querydomain, domain_function, (host, domain, class, type, to, room))
}
BOTH(res_querydomain,
     (const char *host, const char *domain, int class, int type, unsigned char *to, int room),
     (host, domain, class, type, to, room))

static int on_res_nquerydomain(struct __res_state *state, const char *host, const char *domain, int class,
                               int type, unsigned char *to, int room) {
  int size = query(state, host, domain, class, type, to, room);
  if (size != PASS) return size;
  PASS_ON(res_nquerydomain, ndomain_function, (state, host, domain, class, type, to, room))
}
BOTH(res_nquerydomain,
     (struct __res_state * state, const char *host, const char *domain, int class, int type,
      unsigned char *to, int room),
     (state, host, domain, class, type, to, room))

static int on_res_send(const unsigned char *message, int size, unsigned char *to, int room) {
  int answered = answer_message(message, size, to, room);
  if (answered != PASS) return answered;
  PASS_ON(res_send, send_function, (message, size, to, room))
}
BOTH(res_send, (const unsigned char *message, int size, unsigned char *to, int room),
     (message, size, to, room))

static int on_res_nsend(struct __res_state *state, const unsigned char *message, int size, unsigned char *to,
                        int room) {
  int answered = answer_message(message, size, to, room);
  if (answered != PASS) return answered;
  PASS_ON(res_nsend, nsend_function, (state, message, size, to, room))
}
BOTH(res_nsend,
     (struct __res_state * state, const unsigned char *message, int size, unsigned char *to, int room),
     (state, message, size, to, room))
