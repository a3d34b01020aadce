/*
 * listen(): the kernel's, followed by a hint to the supervisor. Nobody waits for it: the supervisor asks the
 * kernel before it refuses a connection.
 */
#include "listen.h"

#include "address.h"
#include "config.h"
#include "libc.h"
#include "marks.h"
#include "monitor.h"
#include "permitted.h"
#include "request.h"
#include "socket.h"
#include "trace.h"

/* Of IPv6 addresses only the dual-stack wildcard and mapped addresses count. */
bool listener_name(int fd, struct boxer_request *request) {
  int family = kernel_name(fd, SYS_getsockname, &request->local);
  if (family == 0 || is_loopback(endpoint_ip(&request->local))) return false;
  if (socket_option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM) return false;
  if (family == AF_INET6 && socket_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1) return false;
  request->family = (uint16_t)family;
  request->inode = socket_inode(fd);
  return true;
}

int on_listen(int fd, int backlog) {
  long result = next(listen, fd, backlog);
  if (result != 0 || !network_config() || !may_ask()) return (int)returned(result);
  struct boxer_request request = {.operation = BOXER_LISTEN};
  if (!listener_name(fd, &request)) return 0;
  TRACE("listen(%d) on %a: tells the supervisor", fd, &request.local);
  mark(fd, MARK_LISTENING);
  service_hint(&request);
  return 0;
}

EXPORT int listen(int fd, int backlog) { return on_listen(fd, backlog); }
