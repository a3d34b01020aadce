/*
 * gethostbyname() and its kin, for names and addresses of the overlay. The overlay has IPv4 addresses only.
 */
#include <netdb.h>

#include "config.h"
#include "getaddrinfo.h"
#include "libc.h"
#include "lookup.h"
#include "monitor.h"
#include "nodes.h"

extern int *__h_errno_location(void);

typedef int by_name_r(const char *, struct hostent *, char *, size_t, struct hostent **, int *);
typedef int by_name2_r(const char *, int, struct hostent *, char *, size_t, struct hostent **, int *);
typedef int by_address_r(const void *, socklen_t, int, struct hostent *, char *, size_t, struct hostent **,
                         int *);

/* What a hostent points to, in one piece; the caller's buffer may start at any byte. */
struct host {
  char *aliases[1];
  char *list[BOXER_ADDRESS_MAX + 1];
  uint32_t addresses[BOXER_ADDRESS_MAX];
  char name[BOXER_NAME_MAX];
};

static void fill(struct hostent *entry, struct host *host, const char *name, const uint32_t *addresses,
                 int count) {
  size_t length = strlen(name);
  if (length >= BOXER_NAME_MAX) length = BOXER_NAME_MAX - 1;
  memcpy(host->name, name, length);
  if (length > 0 && name[length - 1] == '.') length--;
  host->name[length] = 0;
  host->aliases[0] = NULL;
  for (int i = 0; i < count; i++) {
    host->addresses[i] = addresses[i];
    host->list[i] = (char *)&host->addresses[i];
  }
  host->list[count] = NULL;
  *entry = (struct hostent){.h_name = host->name,
                            .h_aliases = host->aliases,
                            .h_addrtype = AF_INET,
                            .h_length = 4,
                            .h_addr_list = host->list};
}

static struct host *host_in(char *buffer, size_t size) {
  uintptr_t start = ((uintptr_t)buffer + 7) & ~(uintptr_t)7;
  size_t lost = start - (uintptr_t)buffer;
  return size >= lost && size - lost >= sizeof(struct host) ? (struct host *)start : NULL;
}

/* The h_errno value that an overlay_lookup() without addresses stands for. */
static int lookup_error(int count) { return count == EAI_AGAIN ? TRY_AGAIN : NO_RECOVERY; }

/* Gives what the _r functions return; `count` as overlay_lookup() gave it, not 0. */
static int answer_r(const char *name, int family, const uint32_t *addresses, int count, struct hostent *entry,
                    char *buffer, size_t size, struct hostent **result, int *error) {
  *result = NULL;
  if (count < 0 || family != AF_INET) {
    *error = count < 0 ? lookup_error(count) : knows_no_data() ? NO_DATA : HOST_NOT_FOUND;
    return count < 0 ? EAGAIN : 0;
  }
  struct host *host = host_in(buffer, size);
  if (!host) {
    *error = NETDB_INTERNAL;
    return ERANGE;
  }
  fill(entry, host, name, addresses, count);
  *result = entry;
  return 0;
}

static int lookup(const char *name, uint32_t *addresses) {
  return name && network_config() ? overlay_lookup(name, addresses) : 0;
}

/* The functions without _r give static storage, in libc too. */
static struct hostent *answer_static(const char *name, int family, const uint32_t *addresses, int count) {
  static struct hostent entry;
  static struct host host;
  struct hostent *result;
  int error = 0;
  answer_r(name, family, addresses, count, &entry, (char *)&host, sizeof host, &result, &error);
  if (!result) *__h_errno_location() = error;
  return result;
}

EXPORT struct hostent *gethostbyname(const char *name) {
  uint32_t addresses[BOXER_ADDRESS_MAX];
  int count = lookup(name, addresses);
  if (count) return answer_static(name, AF_INET, addresses, count);
  struct hostent *(*real)(const char *) = LIBC(struct hostent * (*)(const char *), gethostbyname);
  return real ? real(name) : NULL;
}

EXPORT struct hostent *gethostbyname2(const char *name, int family) {
  uint32_t addresses[BOXER_ADDRESS_MAX];
  int count = lookup(name, addresses);
  if (count) return answer_static(name, family, addresses, count);
  struct hostent *(*real)(const char *, int) = LIBC(struct hostent * (*)(const char *, int), gethostbyname2);
  return real ? real(name, family) : NULL;
}

EXPORT int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                           struct hostent **result, int *error) {
  uint32_t addresses[BOXER_ADDRESS_MAX];
  int count = lookup(name, addresses);
  if (count) return answer_r(name, AF_INET, addresses, count, entry, buffer, size, result, error);
  by_name_r *real = LIBC(by_name_r *, gethostbyname_r);
  return real ? real(name, entry, buffer, size, result, error) : ENOSYS;
}

EXPORT int gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer, size_t size,
                            struct hostent **result, int *error) {
  uint32_t addresses[BOXER_ADDRESS_MAX];
  int count = lookup(name, addresses);
  if (count) return answer_r(name, family, addresses, count, entry, buffer, size, result, error);
  by_name2_r *real = LIBC(by_name2_r *, gethostbyname2_r);
  return real ? real(name, family, entry, buffer, size, result, error) : ENOSYS;
}

/* An overlay address is never looked up in the DNS, where it has no meaning. */
static bool overlay_address(const void *address, socklen_t length, int family, uint32_t *found) {
  if (!network_config() || family != AF_INET || length != 4 || !address) return false;
  memcpy(found, address, sizeof *found);
  return in_overlay(*found);
}

EXPORT struct hostent *gethostbyaddr(const void *address, socklen_t length, int family) {
  uint32_t wanted;
  char name[BOXER_NAME_MAX];
  if (!overlay_address(address, length, family, &wanted)) {
    struct hostent *(*real)(const void *, socklen_t, int) =
        LIBC(struct hostent * (*)(const void *, socklen_t, int), gethostbyaddr);
    return real ? real(address, length, family) : NULL;
  }
  if (overlay_name(wanted, name)) return answer_static(name, AF_INET, &wanted, 1);
  *__h_errno_location() = HOST_NOT_FOUND;
  return NULL;
}

EXPORT int gethostbyaddr_r(const void *address, socklen_t length, int family, struct hostent *entry,
                           char *buffer, size_t size, struct hostent **result, int *error) {
  uint32_t wanted;
  char name[BOXER_NAME_MAX];
  if (!overlay_address(address, length, family, &wanted)) {
    by_address_r *real = LIBC(by_address_r *, gethostbyaddr_r);
    return real ? real(address, length, family, entry, buffer, size, result, error) : ENOSYS;
  }
  if (overlay_name(wanted, name))
    return answer_r(name, AF_INET, &wanted, 1, entry, buffer, size, result, error);
  *result = NULL;
  *error = HOST_NOT_FOUND;
  return 0;
}
