/*
 * syscall(): libuv, and so Node, closes descriptors with it. Every intercepted call has to work here, too.
 * Variadic in the headers; six arguments travel in the same registers either way.
 */
#include "accept.h"
#include "bind.h"
#include "close.h"
#include "connect.h"
#include "datagrams.h"
#include "exec.h"
#include "filter.h"
#include "hostname.h"
#include "ioctl.h"
#include "listen.h"
#include "monitor.h"
#include "multicast.h"
#include "names.h"
#include "receiving.h"
#include "remapped-calls.h"
#include "uring.h"
#include "visible.h"

long boxer_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");

EXPORT long boxer_syscall(long number, long a, long b, long c, long d, long e, long f) {
  switch (number) {
    case SYS_close:
      return on_close((int)a);
    case SYS_close_range:
      return on_close_range((unsigned)a, (unsigned)b, (int)c);
#ifdef SYS_dup2
    case SYS_dup2:
      return on_dup2((int)a, (int)b);
#endif
    case SYS_dup3:
      return on_dup3((int)a, (int)b, (int)c);
    case SYS_io_uring_setup:
      return returned(on_io_uring_setup((unsigned)a, (void *)b));
    case SYS_prctl:
      return returned(on_prctl(a, b, c, d, e));
    case SYS_seccomp:
      return returned(on_seccomp(a, b, c));
    case SYS_connect:
      return on_connect((int)a, (const struct sockaddr *)b, (socklen_t)c);
    case SYS_bind:
      return on_bind((int)a, (const struct sockaddr *)b, (socklen_t)c);
    case SYS_listen:
      return on_listen((int)a, (int)b);
    case SYS_accept:
      return on_accept((int)a, (struct sockaddr *)b, (socklen_t *)c);
    case SYS_accept4:
      /* musl's accept4() works around flags that the kernel refuses. */
      if (d & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) return returned(raw(SYS_accept4, a, b, c, d));
      return on_accept4((int)a, (struct sockaddr *)b, (socklen_t *)c, (int)d);
    case SYS_getsockname:
      return on_getsockname((int)a, (struct sockaddr *)b, (socklen_t *)c);
    case SYS_getpeername:
      return on_getpeername((int)a, (struct sockaddr *)b, (socklen_t *)c);
    case SYS_setsockopt:
      return on_setsockopt((int)a, (int)b, (int)c, (const void *)d, (socklen_t)e);
    case SYS_getsockopt:
      return on_getsockopt((int)a, (int)b, (int)c, (void *)d, (socklen_t *)e);
    case SYS_sendto:
      return on_sendto((int)a, (const void *)b, (size_t)c, (int)d, (const struct sockaddr *)e, (socklen_t)f);
    case SYS_sendmsg:
      return on_sendmsg((int)a, (const struct msghdr *)b, (int)c);
    case SYS_sendmmsg:
      return on_sendmmsg((int)a, (struct mmsghdr *)b, (unsigned)c, (int)d);
    case SYS_recvfrom:
      return on_recvfrom((int)a, (void *)b, (size_t)c, (int)d, (struct sockaddr *)e, (socklen_t *)f);
    case SYS_recvmsg:
      return on_recvmsg((int)a, (struct msghdr *)b, (int)c);
    case SYS_recvmmsg:
      return on_recvmmsg((int)a, (struct mmsghdr *)b, (unsigned)c, (int)d, (void *)e);
    case SYS_getcwd:
      return on_getcwd((char *)a, (size_t)b);
    case SYS_ioctl:
      return on_ioctl((int)a, (unsigned long)b, (void *)c);
    case SYS_execve:
      return on_execve((const char *)a, (char *const *)b, (char *const *)c);
    case SYS_execveat:
      return on_execveat((int)a, (const char *)b, (char *const *)c, (char *const *)d, (int)e);
    case SYS_uname:
      return on_uname((struct utsname *)a);
    default:
      return call_remapped(number, a, b, c, d, e, f);
  }
}
