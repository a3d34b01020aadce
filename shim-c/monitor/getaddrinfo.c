/*
 * getaddrinfo() for names of the overlay. libc itself answers for the first address in numeric form, so
 * hints, service names, socket types and errors are this libc's. The guest's list is that answer, repeated
 * for each address.
 */
#include "getaddrinfo.h"

#include <netdb.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "address.h"
#include "config.h"
#include "libc.h"
#include "lookup.h"
#include "monitor.h"

typedef int resolve_function(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef void free_function(struct addrinfo *);

#ifndef EAI_NODATA
#define EAI_NODATA (-5) /* in glibc and musl alike, but declared for _GNU_SOURCE only */
#endif
#define NO_SUCH_ERROR (-99)
#define PAGE 4096u
#define ROWS 48 /* sixteen addresses, three socket types */

/* One page for each answer: freeaddrinfo() recognizes the monitor's rows by their page. */
struct answer {
  uint64_t magic[2];
  _Atomic uint32_t rows_left; /* not freed yet */
  struct addrinfo rows[ROWS];
  struct sockaddr_in6 addresses[ROWS];
  char canonical[BOXER_NAME_MAX];
};
_Static_assert(sizeof(struct answer) <= PAGE, "an answer fits its page");

static const uint64_t answer_magic = 0x7265776f6c666f78u;

/* Returns the answer that a row belongs to; NULL for a row of libc's. */
static struct answer *answer_of(const struct addrinfo *row) {
  struct answer *page = (void *)((uintptr_t)row & ~(uintptr_t)(PAGE - 1));
  bool inside = row >= page->rows && row < page->rows + ROWS;
  return inside && page->magic[0] == answer_magic && page->magic[1] == (uintptr_t)page ? page : NULL;
}

static struct answer *new_answer(void) {
  long at = raw(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at < 0 && at > -4096) return NULL;
  struct answer *answer = (struct answer *)at;
  answer->magic[0] = answer_magic;
  answer->magic[1] = (uintptr_t)at;
  return answer;
}

/* Dotted form, for libc. */
static void print_address(uint32_t address, char text[16]) {
  const uint8_t *bytes = (const uint8_t *)&address;
  for (int i = 0; i < 4; i++) {
    uint8_t byte = bytes[i];
    if (byte >= 100) *text++ = (char)('0' + byte / 100);
    if (byte >= 10) *text++ = (char)('0' + byte / 10 % 10);
    *text++ = (char)('0' + byte % 10);
    *text++ = i < 3 ? '.' : 0;
  }
}

static void fill_row(struct answer *answer, int row, const struct addrinfo *model, uint32_t address,
                     int flags) {
  struct boxer_endpoint endpoint;
  union address socket_address;
  as_ipv4(model->ai_addr, model->ai_addrlen, &endpoint);
  set_endpoint_ip(&endpoint, address);
  socklen_t length = as_family(model->ai_family, &endpoint, &socket_address);
  memcpy(&answer->addresses[row], &socket_address, length);
  answer->rows[row] = (struct addrinfo){.ai_flags = flags,
                                        .ai_family = model->ai_family,
                                        .ai_socktype = model->ai_socktype,
                                        .ai_protocol = model->ai_protocol,
                                        .ai_addrlen = length,
                                        .ai_addr = (struct sockaddr *)&answer->addresses[row]};
  if (row > 0) answer->rows[row - 1].ai_next = &answer->rows[row];
}

static struct answer *build(const char *name, const uint32_t *addresses, int count,
                            const struct addrinfo *models, int flags) {
  struct answer *answer = new_answer();
  if (!answer) return NULL;
  int row = 0;
  for (int i = 0; i < count; i++)
    for (const struct addrinfo *model = models; model && row < ROWS; model = model->ai_next)
      fill_row(answer, row++, model, addresses[i], flags);
  answer->rows_left = (uint32_t)row;
  if (flags & AI_CANONNAME) {
    size_t length = strlen(name);
    memcpy(answer->canonical, name, length);
    if (length > 0 && name[length - 1] == '.') answer->canonical[length - 1] = 0;
    answer->rows[0].ai_canonname = answer->canonical;
  }
  return answer;
}

/*
 * glibc, and musl since 1.2.4, distinguish a name without a fitting address from a name that does not exist.
 * Such a libc has a message for the first case.
 */
bool knows_no_data(void) {
  const char *(*describe)(int) = LIBC(const char *(*)(int), gai_strerror);
  return LIBC(void *, gnu_get_libc_version) ||
         (describe && describe(EAI_NODATA)[0] != describe(NO_SUCH_ERROR)[0]);
}

/*
 * What libc answers to a question for IPv6 before it looks up the name: errors of flags, socket type and
 * service.
 */
static int judge_ipv6(resolve_function *real, const char *service, struct addrinfo hints) {
  struct addrinfo *list;
  hints.ai_flags = (hints.ai_flags & ~AI_CANONNAME) | AI_NUMERICHOST;
  int error = real("::1", service, &hints, &list);
  free_function *release = LIBC(free_function *, freeaddrinfo);
  if (error) return error;
  if (release) release(list);
  if (hints.ai_flags & AI_V4MAPPED) return 0;
  return knows_no_data() ? EAI_NODATA : EAI_NONAME;
}

EXPORT int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result) {
  resolve_function *real = LIBC(resolve_function *, getaddrinfo);
  if (!real) return EAI_FAIL;
  uint32_t addresses[BOXER_ADDRESS_MAX];
  bool ours = name && network_config() && !(hints && hints->ai_flags & AI_NUMERICHOST);
  int count = ours ? overlay_lookup(name, addresses) : 0;
  if (count == 0) return real(name, service, hints, result);
  if (count < 0) return count;

  struct addrinfo numeric = hints ? *hints : (struct addrinfo){.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
  int flags = numeric.ai_flags;
  struct addrinfo *models;
  int error = numeric.ai_family == AF_INET6 ? judge_ipv6(real, service, numeric) : 0;
  if (error) return error;
  numeric.ai_flags = (flags & ~(AI_CANONNAME | AI_ADDRCONFIG)) | AI_NUMERICHOST;
  char text[16];
  print_address(addresses[0], text);
  error = real(text, service, &numeric, &models);
  if (error) return error;
  struct answer *answer = build(name, addresses, count, models, flags);
  free_function *release = LIBC(free_function *, freeaddrinfo);
  if (release) release(models);
  if (!answer) return EAI_MEMORY;
  *result = answer->rows;
  return 0;
}

/* The last freed row unmaps the page: the guest may have cut the list anywhere, or joined it with others. */
static void free_row(struct answer *answer) {
  if (atomic_fetch_sub(&answer->rows_left, 1) == 1) raw(SYS_munmap, answer, PAGE);
}

EXPORT void freeaddrinfo(struct addrinfo *list) {
  free_function *real = LIBC(free_function *, freeaddrinfo);
  while (list) {
    struct answer *answer = answer_of(list);
    struct addrinfo *next = list->ai_next;
    if (answer)
      free_row(answer);
    else {
      struct addrinfo *last = list;
      while (last->ai_next && !answer_of(last->ai_next)) last = last->ai_next;
      next = last->ai_next;
      last->ai_next = NULL;
      if (real) real(list);
    }
    list = next;
  }
}
