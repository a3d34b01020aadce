/* getnameinfo(): names of overlay addresses come from the supervisor, everything else from libc. */
#include <netdb.h>

#include "address.h"
#include "config.h"
#include "libc.h"
#include "lookup.h"
#include "monitor.h"
#include "nodes.h"
#include "text.h"

typedef int name_function(const struct sockaddr *, socklen_t, char *, socklen_t, char *, socklen_t, int);

EXPORT int getnameinfo(const struct sockaddr *address, socklen_t length, char *host, socklen_t host_room,
                       char *service, socklen_t service_room, int flags) {
  name_function *real = LIBC(name_function *, getnameinfo);
  if (!real) return EAI_FAIL;
  struct boxer_endpoint endpoint;
  bool wants_name = host && host_room > 0 && !(flags & NI_NUMERICHOST);
  if (!wants_name || !network_config() || !as_ipv4(address, length, &endpoint) ||
      !in_overlay(endpoint_ip(&endpoint)))
    return real(address, length, host, host_room, service, service_room, flags);

  char name[BOXER_NAME_MAX];
  if (!overlay_name(endpoint_ip(&endpoint), name)) {
    if (flags & NI_NAMEREQD) return EAI_NONAME;
    return real(address, length, host, host_room, service, service_room, flags | NI_NUMERICHOST);
  }
  if (service && service_room > 0) {
    int error = real(address, length, NULL, 0, service, service_room, flags & ~NI_NAMEREQD);
    if (error) return error;
  }
  return copy_text(host, host_room, name) ? 0 : EAI_OVERFLOW;
}
