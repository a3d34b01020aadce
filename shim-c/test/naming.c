/* Names and addresses of the overlay, as returned by every call that looks them up. */
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <pwd.h>
#include <resolv.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include "../service-wire.h"
#include "check.h"

static int resolve(const char *name, const char *service, int family, int type, int flags,
                   struct addrinfo **list) {
  struct addrinfo hints = {.ai_family = family, .ai_socktype = type, .ai_flags = flags};
  *list = NULL;
  return getaddrinfo(name, service, &hints, list);
}

static int length(const struct addrinfo *list) {
  int count = 0;
  for (; list; list = list->ai_next) count++;
  return count;
}

static const char *text(const struct addrinfo *entry) {
  struct sockaddr_storage address = {0};
  memcpy(&address, entry->ai_addr, entry->ai_addrlen);
  return text_of(&address);
}

/* Whether libc distinguishes a name without an address of the family from a name that does not exist. musl
 * before 1.2.4 does not. */
static bool tells_no_data(void) {
#ifdef __GLIBC__
  return true;
#else
  return strcmp(gai_strerror(EAI_NODATA), gai_strerror(-99)) != 0;
#endif
}

/* The overlay has no IPv6 addresses: the result is this libc's result for a valid query without an answer. */
static void ipv6_hints(void) {
  struct addrinfo *list;
  int none = tells_no_data() ? EAI_NODATA : EAI_NONAME;
#ifdef __GLIBC__
  CHECK(resolve("direct", "443", AF_INET6, 99, 0, &list) == EAI_SOCKTYPE);
#endif
  CHECK(resolve("direct", "443", AF_INET6, SOCK_STREAM, 0, &list) == none);
  CHECK(resolve("direct", "nosuchservice", AF_INET6, SOCK_STREAM, 0, &list) == EAI_SERVICE);
  CHECK(resolve("direct", "nosuchservice", AF_INET6, SOCK_STREAM, AI_V4MAPPED, &list) == EAI_SERVICE);
  CHECK(resolve("direct", "443", AF_INET6, SOCK_STREAM, 0x40000000, &list) == EAI_BADFLAGS);
}

/* POSIX allows any part of a list to be freed, each part once, and in any order. */
static void sublists(void) {
  struct addrinfo *list;
  struct addrinfo *other;
  for (int i = 0; i < 2000; i++) {
    CHECK(resolve("web", "80", AF_INET, 0, AI_CANONNAME, &list) == 0 && length(list) > 5);
    struct addrinfo *second = list->ai_next;
    list->ai_next = second->ai_next;
    second->ai_next = NULL;
    struct addrinfo *rest = list->ai_next->ai_next;
    list->ai_next->ai_next = NULL;
    CHECK(getaddrinfo("127.0.0.1", "80", NULL, &other) == 0);
    /* The end of a list may be linked to another list, even if only one of them is by libc. */
    struct addrinfo *last = other;
    while (last->ai_next) last = last->ai_next;
    last->ai_next = rest;
    freeaddrinfo(second);
    CHECK(list->ai_canonname && strcmp(list->ai_canonname, "web") == 0);
    freeaddrinfo(list);
    freeaddrinfo(other);
  }
  FILE *maps = fopen("/proc/self/maps", "r");
  int lines = 0;
  for (int letter; (letter = getc(maps)) != EOF;) lines += letter == '\n';
  fclose(maps);
  CHECK(lines < 1000);
}

static void hints(void) {
  struct addrinfo *list;
  struct addrinfo *numeric;
  CHECK(getaddrinfo("direct", "80", NULL, &list) == 0 && getaddrinfo(NODE_DIRECT, "80", NULL, &numeric) == 0);
  CHECK(length(list) == length(numeric)); /* glibc: stream, datagram and raw; musl: the first two */
  freeaddrinfo(numeric);
  CHECK(list->ai_socktype == SOCK_STREAM && list->ai_protocol == IPPROTO_TCP &&
        is_at(text(list), NODE_DIRECT, 80));
  CHECK(list->ai_canonname == NULL && list->ai_addrlen == sizeof(struct sockaddr_in));
  freeaddrinfo(list);
  CHECK(resolve("DIRECT.", "http", AF_UNSPEC, SOCK_STREAM, AI_CANONNAME | AI_ADDRCONFIG, &list) == 0 &&
        length(list) == 1);
  CHECK(is_at(text(list), NODE_DIRECT, 80) && strcmp(list->ai_canonname, "DIRECT") == 0);
  freeaddrinfo(list);
  CHECK(resolve("direct", NULL, AF_INET, SOCK_DGRAM, AI_PASSIVE, &list) == 0 && length(list) == 1);
  CHECK(list->ai_protocol == IPPROTO_UDP && is_at(text(list), NODE_DIRECT, 0));
  freeaddrinfo(list);
  CHECK(resolve("direct", "443", AF_INET6, SOCK_STREAM, AI_V4MAPPED, &list) == 0 && length(list) == 1);
  CHECK(list->ai_family == AF_INET6 && is_at(text(list), "::ffff:" NODE_DIRECT, 443));
  freeaddrinfo(list);
  ipv6_hints();
  CHECK(resolve("direct", "80", AF_UNSPEC, SOCK_STREAM, AI_NUMERICHOST, &list) == EAI_NONAME);
  CHECK(resolve("direct", "http", AF_UNSPEC, SOCK_STREAM, AI_NUMERICSERV, &list) == EAI_NONAME);
  CHECK(resolve("direct", "nosuchservice", AF_UNSPEC, SOCK_STREAM, 0, &list) == EAI_SERVICE);
  CHECK(resolve("direct", "80", 99, SOCK_STREAM, 0, &list) == EAI_FAMILY);
}

static void rotation(void) {
  struct addrinfo *list;
  char first[3][64];
  for (int i = 0; i < 3; i++) {
    CHECK(resolve("web", "80", AF_INET, SOCK_STREAM, 0, &list) == 0 && length(list) == 3);
    strcpy(first[i], text(list));
    freeaddrinfo(list);
  }
  CHECK(strcmp(first[0], first[1]) && strcmp(first[1], first[2]) && strcmp(first[0], first[2]));
}

static void asked(void) {
  struct addrinfo *list;
  CHECK(resolve("ask-me", "80", AF_INET, SOCK_STREAM, 0, &list) == 0 &&
        is_at(text(list), ASKED_NAME_ADDRESS, 80));
  freeaddrinfo(list);
  CHECK(resolve("ask-fail", "80", AF_INET, SOCK_STREAM, 0, &list) == EAI_AGAIN);
  CHECK(resolve("ask-none", "80", AF_INET, SOCK_STREAM, 0, &list) != 0);
}

static void not_ours(void) {
  struct addrinfo *list;
  CHECK(resolve("localhost", "80", AF_INET, SOCK_STREAM, 0, &list) == 0 &&
        is_at(text(list), "127.0.0.1", 80));
  freeaddrinfo(list);
  CHECK(resolve(NULL, "80", AF_INET, SOCK_STREAM, AI_PASSIVE, &list) == 0 &&
        is_at(text(list), "0.0.0.0", 80));
  freeaddrinfo(list);
  CHECK(resolve("198.18.7.7", "80", AF_INET, SOCK_STREAM, 0, &list) == 0 &&
        is_at(text(list), "198.18.7.7", 80));
  freeaddrinfo(list);
}

static void own(void) {
  char name[256];
  struct utsname system;
  struct addrinfo *list;
  CHECK(gethostname(name, sizeof name) == 0 && strcmp(name, "self-node") == 0);
  CHECK(uname(&system) == 0 && strcmp(system.nodename, "self-node") == 0);
  CHECK(resolve("Self-Node", "80", AF_INET, SOCK_STREAM, 0, &list) == 0 && is_at(text(list), SELF, 80));
  freeaddrinfo(list);
}

static void old_calls(void) {
  struct in_addr wanted;
  inet_pton(AF_INET, NODE_DIRECT, &wanted);
  struct hostent *host = gethostbyname("direct");
  CHECK(host && host->h_addrtype == AF_INET && host->h_length == 4 &&
        memcmp(host->h_addr_list[0], &wanted, 4) == 0);
  CHECK(host && !host->h_addr_list[1] && strcmp(host->h_name, "direct") == 0 && !host->h_aliases[0]);
  CHECK(gethostbyname2("direct", AF_INET) != NULL);
  CHECK(gethostbyname2("direct", AF_INET6) == NULL &&
        h_errno == (tells_no_data() ? NO_DATA : HOST_NOT_FOUND));
  CHECK(gethostbyname("ask-fail") == NULL && h_errno == TRY_AGAIN);
  CHECK((host = gethostbyname("localhost")) != NULL);
  struct hostent entry;
  struct hostent *result;
  char buffer[1024];
  int error;
  CHECK(gethostbyname_r("direct", &entry, buffer, 40, &result, &error) == ERANGE && !result);
  CHECK(gethostbyname_r("direct", &entry, buffer + 1, sizeof buffer - 1, &result, &error) == 0 &&
        result == &entry);
  CHECK(memcmp(entry.h_addr_list[0], &wanted, 4) == 0);
  CHECK(gethostbyname2_r("direct", AF_INET, &entry, buffer, sizeof buffer, &result, &error) == 0 && result);
  host = gethostbyaddr(&wanted, 4, AF_INET);
  CHECK(host && strcmp(host->h_name, "direct.test") == 0 && memcmp(host->h_addr_list[0], &wanted, 4) == 0);
  inet_pton(AF_INET, UNKNOWN, &wanted);
  CHECK(gethostbyaddr(&wanted, 4, AF_INET) == NULL && h_errno == HOST_NOT_FOUND);
  CHECK(gethostbyaddr_r(&wanted, 4, AF_INET, &entry, buffer, sizeof buffer, &result, &error) == 0 && !result);
}

static void interfaces(void) {
  struct ifaddrs *list;
  int own_addresses = 0;
  CHECK(getifaddrs(&list) == 0);
  for (struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
    struct sockaddr_storage address = {0};
    if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET) continue;
    memcpy(&address, entry->ifa_addr, sizeof(struct sockaddr_in));
    CHECK(strcmp(text_of(&address), UNDERLAY_SELF ":0") != 0);
    if (strcmp(text_of(&address), SELF ":0") == 0) own_addresses++;
  }
  CHECK(own_addresses == 1);
  freeifaddrs(list);
}

static int asked_dns(const char *name, int type) {
  unsigned char reply[512];
  h_errno = 0;
  int size = res_query(name, C_IN, type, reply, sizeof reply);
  CHECK(size < 0 || (reply[3] & 15) == NOERROR);
  return size < 0 ? -h_errno : reply[7];
}

static void resolver(void) {
  unsigned char reply[512];
  struct in_addr wanted;
  inet_pton(AF_INET, NODE_DIRECT, &wanted);
  int size = res_query("Direct.", C_IN, T_A, reply, sizeof reply);
  CHECK(size == 12 + 8 + 4 + 16 && reply[7] == 1 && memcmp(reply + size - 4, &wanted, 4) == 0);
  CHECK(res_search("direct", C_IN, T_A, reply, sizeof reply) == size);
  CHECK(res_querydomain("direct", "", C_IN, T_A, reply, sizeof reply) == size);
  CHECK(asked_dns("web", T_A) == 3 && asked_dns("web", T_ANY) == 3);
  CHECK(asked_dns("direct", T_AAAA) == -NO_DATA && asked_dns("direct", T_MX) == -NO_DATA);
  CHECK(asked_dns("ask-me", T_A) == 1);
  CHECK(asked_dns("ask-none", T_A) == -HOST_NOT_FOUND && asked_dns("ask-fail", T_A) == -TRY_AGAIN);
  CHECK(asked_dns("2.0.18.198.in-addr.arpa", T_PTR) == 1 &&
        asked_dns("2.0.18.198.in-addr.arpa", T_A) == -NO_DATA);
  CHECK(asked_dns("9.9.18.198.IN-ADDR.ARPA.", T_PTR) == -HOST_NOT_FOUND);
  CHECK(res_query("2.0.18.198.in-addr.arpa", C_IN, T_PTR, reply, sizeof reply) > 0);
  char name[256];
  CHECK(dn_expand(reply, reply + sizeof reply, reply + 12 + 25 + 4 + 12, name, sizeof name) > 0);
  CHECK(strcmp(name, "direct.test") == 0);
  /* An answer that does not fit is truncated, as over UDP. It is an error if not even its header fits. */
  CHECK(res_query("web", C_IN, T_A, reply, 12 + 5 + 4 + 20) == 12 + 5 + 4 + 16 && reply[2] & 2);
  CHECK(res_query("web", C_IN, T_A, reply, 10) == -1 && h_errno == NO_RECOVERY);
  unsigned char question[512];
  size = res_mkquery(QUERY, "asked", C_IN, T_A, NULL, 0, NULL, question, sizeof question);
  CHECK(size > 0 && res_send(question, size, reply, sizeof reply) == size + 16);
  CHECK(memcmp(question, reply, 2) == 0 && reply[7] == 1);
  /* No name server is reachable for any other name. */
  CHECK(res_query("elsewhere.example", C_IN, T_A, reply, sizeof reply) == -1);
#ifdef __GLIBC__
  struct __res_state state = {0};
  CHECK(res_ninit(&state) == 0 && res_nquery(&state, "web", C_IN, T_A, reply, sizeof reply) > 0);
  CHECK(res_nsearch(&state, "web", C_IN, T_MX, reply, sizeof reply) == -1 && state.res_h_errno == NO_DATA);
  CHECK(res_nsend(&state, question, size, reply, sizeof reply) == size + 16);
  res_nclose(&state);
#endif
}

static const char *interface_address(int fd, unsigned long request, const char *name) {
  struct ifreq asked = {0};
  struct sockaddr_storage address = {0};
  strcpy(asked.ifr_name, name);
  if (ioctl(fd, request, &asked) < 0) return strerror(errno);
  memcpy(&address, &asked.ifr_addr, sizeof(struct sockaddr_in));
  return text_of(&address);
}

/* The older calls for the interfaces' addresses, which Java uses. */
static void old_interfaces(void) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq entries[16];
  struct ifconf list = {.ifc_len = sizeof entries, .ifc_req = entries};
  int own_addresses = 0;
  CHECK(ioctl(fd, SIOCGIFCONF, &list) == 0 && list.ifc_len >= 4 * (int)sizeof *entries);
  for (int i = 0; i < list.ifc_len / (int)sizeof *entries; i++) {
    struct sockaddr_storage address = {0};
    memcpy(&address, &entries[i].ifr_addr, sizeof(struct sockaddr_in));
    CHECK(strcmp(text_of(&address), UNDERLAY_SELF ":0") != 0);
    if (strcmp(text_of(&address), SELF ":0") == 0) own_addresses++;
  }
  CHECK(own_addresses == 1);
  CHECK(strcmp(interface_address(fd, SIOCGIFADDR, "lo:1"), SELF ":0") == 0);
  CHECK(strcmp(interface_address(fd, SIOCGIFNETMASK, "lo:1"), "255.254.0.0:0") == 0);
  CHECK(strcmp(interface_address(fd, SIOCGIFBRDADDR, "lo:1"), "198.19.255.255:0") == 0);
  CHECK(strcmp(interface_address(fd, SIOCGIFADDR, "lo"), "127.0.0.1:0") == 0);
  CHECK(strcmp(interface_address(fd, SIOCGIFNETMASK, "lo"), "255.0.0.0:0") == 0);
  int waiting = -1;
  CHECK(ioctl(fd, FIONREAD, &waiting) == 0 && waiting == 0);
  CHECK(ioctl(fd, FIOCLEX) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
  CHECK(ioctl(999, FIONREAD, &waiting) == -1 && errno == EBADF);
  close(fd);
}

static void reverse(void) {
  struct sockaddr_in known = at(NODE_DIRECT, 80);
  struct sockaddr_in unknown = at(UNKNOWN, 80);
  char host[256];
  char service[32];
  CHECK(getnameinfo((struct sockaddr *)&known, sizeof known, host, sizeof host, service, sizeof service,
                    NI_NUMERICSERV) == 0);
  CHECK(strcmp(host, "direct.test") == 0 && strcmp(service, "80") == 0);
  CHECK(getnameinfo((struct sockaddr *)&known, sizeof known, host, sizeof host, NULL, 0, NI_NUMERICHOST) ==
        0);
  CHECK(strcmp(host, NODE_DIRECT) == 0);
  CHECK(getnameinfo((struct sockaddr *)&known, sizeof known, host, 4, NULL, 0, 0) == EAI_OVERFLOW);
  CHECK(getnameinfo((struct sockaddr *)&unknown, sizeof unknown, host, sizeof host, NULL, 0, NI_NAMEREQD) ==
        EAI_NONAME);
  CHECK(getnameinfo((struct sockaddr *)&unknown, sizeof unknown, host, sizeof host, NULL, 0, 0) == 0);
  CHECK(strcmp(host, UNKNOWN) == 0);
  /* The same name as in Docker's /etc/hosts. */
  struct sockaddr_in self = at(SELF, 80);
  CHECK(getnameinfo((struct sockaddr *)&self, sizeof self, host, sizeof host, NULL, 0, NI_NAMEREQD) == 0 &&
        strcmp(host, "self-node") == 0);
  struct hostent *found = gethostbyaddr(&self.sin_addr, 4, AF_INET);
  CHECK(found && strcmp(found->h_name, "self-node") == 0);
}

/* The platform's user and group, which no image knows, each have one name, which resolves to them again.
 * Other unknown ids have no name. */
static int account(void) {
  if (setgid(4712) < 0 || setuid(4711) < 0) return 1;
  const struct passwd *user = getpwuid(4711);
  CHECK(user && user->pw_uid == 4711 && user->pw_gid == 4712 && getpwnam(user->pw_name) == user);
  const struct group *group = getgrgid(4712);
  CHECK(group && group->gr_gid == 4712 && group->gr_name[0] && !group->gr_mem[0] &&
        getgrnam(group->gr_name) == group);
  CHECK(getgrgid(4713) == NULL && getgrnam("4712") == NULL && getgrgid(0) &&
        strcmp(getgrgid(0)->gr_name, "root") == 0);
  struct group entry;
  struct group *result = &entry;
  char room[512];
  CHECK(getgrgid_r(4712, &entry, room, 4, &result) == ERANGE && !result);
  for (int offset = 0; offset < 9; offset++) {
    CHECK(getgrgid_r(4712, &entry, room + offset, sizeof room - 9, &result) == 0 && result == &entry);
    CHECK(entry.gr_gid == 4712 && !entry.gr_mem[0] && strcmp(entry.gr_passwd, "x") == 0 &&
          (uintptr_t)entry.gr_mem % sizeof(char *) == 0);
    char name[64];
    snprintf(name, sizeof name, "%s", entry.gr_name);
    CHECK(getgrnam_r(name, &entry, room + offset, sizeof room - 9, &result) == 0 && result &&
          entry.gr_gid == 4712);
  }
  CHECK(getgrnam_r("no-such-group", &entry, room, sizeof room, &result) == 0 && !result);
  return failures ? 1 : 0;
}

/* A user without a name in a container: `whoami` fails, as entrypoints expect. */
static int unknown_account(void) {
  if (setgid(4812) < 0 || setuid(4811) < 0) return 1;
  CHECK(getpwuid(4811) == NULL && getgrgid(4812) == NULL && getpwnam("sbx_user1051") == NULL &&
        getgrnam("sbx_user1051") == NULL);
  CHECK(getpwuid(4711) == NULL);
  return failures ? 1 : 0;
}

static void accounts(void) {
  int (*const tests[])(void) = {account, unknown_account};
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0) _exit(tests[i]());
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
}

int main(void) {
  int fds = count_fds();
  hints();
  sublists();
  rotation();
  asked();
  not_ours();
  own();
  old_calls();
  reverse();
  interfaces();
  old_interfaces();
  resolver();
  accounts();
  CHECK(count_fds() == fds);
  return end("naming");
}
