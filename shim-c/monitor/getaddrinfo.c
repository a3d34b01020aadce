/*
 * getaddrinfo() for names of the overlay. libc itself answers for the first address in numbers, which settles hints, service names,
 * socket types and errors as this libc does; the list for the guest is that answer, once for each address.
 */
#include <netdb.h>
#include <sys/mman.h>

#include "libc.h"
#include "monitor.h"

typedef int resolve_function(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef void free_function(struct addrinfo *);

#ifndef EAI_NODATA
#define EAI_NODATA (-5) /* in glibc and musl alike, but declared for _GNU_SOURCE only */
#endif
#define PAGE 4096u
#define ROWS 48 /* sixteen addresses, three socket types */

/* One page for each answer: freeaddrinfo() knows ours by the page that it starts. */
struct answer {
  uint64_t magic[2];
  struct addrinfo rows[ROWS];
  struct sockaddr_in6 addresses[ROWS];
  char canonical[BOXER_NAME_MAX];
};
_Static_assert(sizeof(struct answer) <= PAGE, "an answer fits its page");

static const uint64_t answer_magic = 0x7265776f6c666f78u;

static bool is_ours(const struct addrinfo *list) {
  const struct answer *page = (const void *)((uintptr_t)list & ~(uintptr_t)(PAGE - 1));
  return list == page->rows && page->magic[0] == answer_magic && page->magic[1] == (uintptr_t)page;
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

static void fill_row(struct answer *answer, int row, const struct addrinfo *model, uint32_t address, int flags) {
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

static struct answer *build(const char *name, const uint32_t *addresses, int count, const struct addrinfo *models,
                            int flags) {
  struct answer *answer = new_answer();
  if (!answer) return NULL;
  int row = 0;
  for (int i = 0; i < count; i++)
    for (const struct addrinfo *model = models; model && row < ROWS; model = model->ai_next)
      fill_row(answer, row++, model, addresses[i], flags);
  if (flags & AI_CANONNAME) {
    size_t length = strlen(name);
    memcpy(answer->canonical, name, length);
    if (length > 0 && name[length - 1] == '.') answer->canonical[length - 1] = 0;
    answer->rows[0].ai_canonname = answer->canonical;
  }
  return answer;
}

EXPORT int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  resolve_function *real = LIBC(resolve_function *, getaddrinfo);
  if (!real) return EAI_FAIL;
  uint32_t addresses[BOXER_ADDRESS_MAX];
  bool ours = name && network_config() && !(hints && hints->ai_flags & AI_NUMERICHOST);
  int count = ours ? overlay_lookup(name, addresses) : 0;
  if (count == 0) return real(name, service, hints, result);
  if (count < 0) return count;

  struct addrinfo numeric = hints ? *hints : (struct addrinfo){.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
  int flags = numeric.ai_flags;
  if (numeric.ai_family == AF_INET6 && !(flags & AI_V4MAPPED)) return EAI_NODATA;
  numeric.ai_flags = (flags & ~(AI_CANONNAME | AI_ADDRCONFIG)) | AI_NUMERICHOST;
  char text[16];
  print_address(addresses[0], text);
  struct addrinfo *models;
  int error = real(text, service, &numeric, &models);
  if (error) return error;
  struct answer *answer = build(name, addresses, count, models, flags);
  free_function *release = LIBC(free_function *, freeaddrinfo);
  if (release) release(models);
  if (!answer) return EAI_MEMORY;
  *result = answer->rows;
  return 0;
}

EXPORT void freeaddrinfo(struct addrinfo *list) {
  if (list && is_ours(list)) {
    raw(SYS_munmap, (uintptr_t)list & ~(uintptr_t)(PAGE - 1), PAGE);
    return;
  }
  free_function *real = LIBC(free_function *, freeaddrinfo);
  if (real) real(list);
}
