/* DNS messages (RFC 1035), as far as the names and addresses of the overlay need them. */
#ifndef BOXER_DNS_H
#define BOXER_DNS_H

#include <stdbool.h>
#include <stdint.h>

#include "../service-wire.h"

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28, DNS_ANY = 255 };
enum dns_class { DNS_INTERNET = 1 };
enum dns_code { DNS_NO_ERROR = 0, DNS_SERVER_FAILURE = 2, DNS_NAME_ERROR = 3 };

struct dns_question {
  char name[BOXER_NAME_MAX]; /* with dots, without the last one */
  int type;
  int class;
  uint16_t id;
};

/* Reads a query of one question. */
bool dns_parse(const unsigned char *message, int size, struct dns_question *question);
/* Reads the IPv4 address, in network order, from a name below in-addr.arpa. */
bool dns_reverse_address(const char *name, uint32_t *address);
/*
 * Writes the answer to a question: `addresses`, or the one name `host` where it is not NULL. Records that do
 * not fit are left out, and the answer is marked as truncated. Returns the answer's size, or -1 where not
 * even the question fits or the name cannot be encoded.
 */
int dns_answer(const struct dns_question *question, enum dns_code code, const uint32_t *addresses, int count,
               const char *host, unsigned char *to, int room);

#endif
