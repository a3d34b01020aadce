/* The kernel's connect() through libc's function, which is a cancellation point. */
#include "kernel-connect.h"

#include "address.h"
#include "libc.h"
#include "monitor.h"

typedef int connect_function(int, const struct sockaddr *, socklen_t);

int kernel_connect(int fd, const struct sockaddr *address, socklen_t length) {
  connect_function *real = LIBC(connect_function *, connect);
  return real ? real(fd, address, length) : (int)returned(raw(SYS_connect, fd, address, length));
}

int kernel_connect_to(int fd, int family, const struct boxer_endpoint *endpoint) {
  union address address;
  socklen_t length = as_family(family, endpoint, &address);
  return kernel_connect(fd, &address.any, length);
}
