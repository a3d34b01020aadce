/* DNS messages, read and written within their bounds. */
#include "dns.h"

#include "monitor.h"

#define HEADER 12
#define LABEL 63
#define ANSWERED 0x8180u /* a response, recursion desired and available */
#define CUT 0x0200u
#define QUESTION_NAME 0xc00cu /* "as in the question", right behind the header */

static int get16(const unsigned char *at) { return at[0] << 8 | at[1]; }

static void put16(unsigned char *at, unsigned value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
}

bool dns_parse(const unsigned char *message, int size, struct dns_question *question) {
  if (!message || size < HEADER || get16(message + 4) != 1 || message[2] & 0xf8) return false;
  size_t length = 0;
  int at = HEADER;
  while (at < size && message[at] != 0) {
    int label = message[at++];
    if (label > LABEL || at + label > size || length + (size_t)label + 2 > sizeof question->name)
      return false;
    if (length > 0) question->name[length++] = '.';
    for (int i = 0; i < label; i++) {
      /* The overlay's names cannot have a dot or a NUL inside a label. */
      if (message[at + i] == 0 || message[at + i] == '.') return false;
      question->name[length++] = (char)message[at + i];
    }
    at += label;
  }
  if (at + 5 > size) return false;
  question->name[length] = 0;
  question->id = (uint16_t)get16(message);
  question->type = get16(message + at + 1);
  question->class = get16(message + at + 3);
  return true;
}

bool dns_reverse_address(const char *name, uint32_t *address) {
  static const char suffix[] = "in-addr.arpa";
  uint8_t bytes[4];
  for (int i = 3; i >= 0; i--) {
    unsigned value = 0;
    int digits = 0;
    for (; *name >= '0' && *name <= '9' && digits < 3; name++, digits++)
      value = value * 10 + (unsigned)(*name - '0');
    if (digits == 0 || value > 255 || *name++ != '.') return false;
    bytes[i] = (uint8_t)value;
  }
  for (const char *next = suffix; *next; next++, name++)
    if ((*name >= 'A' && *name <= 'Z' ? *name + 32 : *name) != *next) return false;
  if (*name && (name[0] != '.' || name[1])) return false;
  memcpy(address, bytes, sizeof bytes);
  return true;
}

/* A name as labels; gives their size, -1 when they do not fit or are none. */
static int put_name(const char *name, unsigned char *to, int room) {
  int at = 0;
  while (*name) {
    int label = 0;
    while (name[label] && name[label] != '.') label++;
    if (label == 0 || label > LABEL || at + label + 2 > room) return -1;
    to[at++] = (unsigned char)label;
    memcpy(to + at, name, (size_t)label);
    at += label;
    name += label;
    if (*name == '.') name++;
  }
  if (at + 1 > room || at + 1 > (int)BOXER_NAME_MAX) return -1;
  to[at++] = 0;
  return at;
}

/* The head of a record of the question's name, up to the size of its data. */
static int put_record(int type, int size, unsigned char *to) {
  put16(to, QUESTION_NAME);
  put16(to + 2, (unsigned)type);
  put16(to + 4, DNS_INTERNET);
  put16(to + 6, 0);
  /* The time to live is one second: nodes come and go. */
  put16(to + 8, 1);
  put16(to + 10, (unsigned)size);
  return 12;
}

int dns_answer(const struct dns_question *question, enum dns_code code, const uint32_t *addresses, int count,
               const char *host, unsigned char *to, int room) {
  if (room < HEADER) return -1;
  memset(to, 0, HEADER);
  int name = put_name(question->name, to + HEADER, room - HEADER);
  int at = HEADER + name;
  if (name < 0 || at + 4 > room) return -1;
  put16(to + at, (unsigned)question->type);
  put16(to + at + 2, (unsigned)question->class);
  at += 4;
  unsigned flags = ANSWERED | code;
  unsigned answers = 0;
  for (int i = 0; i < count; i++) {
    if (at + 16 > room) {
      flags |= CUT;
      break;
    }
    at += put_record(DNS_A, 4, to + at);
    memcpy(to + at, &addresses[i], 4);
    at += 4;
    answers++;
  }
  int size = host && at + 12 <= room ? put_name(host, to + at + 12, room - at - 12) : -1;
  if (host && size < 0) flags |= CUT;
  if (size >= 0) {
    at += put_record(DNS_PTR, size, to + at) + size;
    answers++;
  }
  put16(to, question->id);
  put16(to + 2, flags);
  put16(to + 4, 1);
  put16(to + 6, answers);
  return at;
}
