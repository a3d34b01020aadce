/* Checks which of the monitor's system calls a seccomp filter of the guest allows. */
#include "filter.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "bpf.h"
#include "config.h"
#include "libc.h"
#include "monitor.h"
#include "nodes.h"
#include "permitted.h"
#include "trace.h"

/* The system calls of request.c and table.c, with the arguments that a filter may check. */
static const struct call asking[] = {
    {SYS_socket, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}},
    {SYS_connect, {0}},
    {SYS_sendto, {0}},
    {SYS_recvmsg, {0}},
    {SYS_setsockopt, {0, SOL_SOCKET, SO_RCVTIMEO}},
    {SYS_close, {0}},
    {SYS_ppoll, {0}},
    {SYS_rt_sigprocmask, {0}},
    {SYS_fcntl, {0, F_DUPFD_CLOEXEC, 3}},
    {SYS_dup3, {0}},
    {SYS_mmap, {0}},
    {SYS_munmap, {0}},
};
static const struct call looking[] = {
    {SYS_getsockname, {0}},
    {SYS_getpeername, {0}},
    {SYS_getsockopt, {0, SOL_SOCKET, SO_TYPE}},
    {SYS_setsockopt, {0, SOL_SOCKET, 0}},
    {SYS_fstat, {0}},
    {SYS_getpid, {0}},
    {SYS_mmap, {0}},
    {SYS_madvise, {0}},
    {SYS_fcntl, {0, F_GETFL}},
    {SYS_rt_sigprocmask, {0}},
    {SYS_futex, {0}},
};
static const struct call reading[] = {
    {SYS_openat, {0}}, {SYS_pread64, {0}}, {SYS_close, {0}}, {SYS_faccessat, {0}}};

#define ALLOWS(filter, calls) allows_all((filter), (calls), sizeof(calls) / sizeof *(calls))

static bool allows_all(const struct sock_fprog *filter, const struct call *calls, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!filter_allows(filter, &calls[i])) return false;
  return true;
}

static void installed(const struct sock_fprog *filter) {
  int missing = ALLOWS(filter, asking) ? 0 : ASKING;
  if (!ALLOWS(filter, looking)) missing |= LOOKING | ASKING;
  if (!ALLOWS(filter, reading)) missing |= READING;
  TRACE("seccomp filter: forbids the monitor %d (1: asking, 2: looking, 4: reading)", missing);
  refuse(missing);
}

long on_prctl(long option, long a, long b, long c, long d) {
  /* Afterwards the shared table cannot be asked for any more. */
  if (option == PR_SET_SECCOMP && network_config()) self_overlay();
  long result = next_call(LIBC_prctl, SYS_prctl, option, a, b, c, d, 0);
  if (result != 0 || option != PR_SET_SECCOMP) return result;
  if (a == SECCOMP_MODE_STRICT) refuse(EVERYTHING);
  if (a == SECCOMP_MODE_FILTER) installed((const struct sock_fprog *)b);
  return result;
}

long on_seccomp(long operation, long flags, long argument) {
  bool sets = operation == SECCOMP_SET_MODE_STRICT || operation == SECCOMP_SET_MODE_FILTER;
  if (sets && network_config()) self_overlay();
  long result = raw(SYS_seccomp, operation, flags, argument);
  if (operation == SECCOMP_SET_MODE_STRICT && result == 0) refuse(EVERYTHING);
  /* The result may be a descriptor for the process's supervisor (SECCOMP_FILTER_FLAG_NEW_LISTENER). */
  if (operation == SECCOMP_SET_MODE_FILTER && result >= 0) installed((const struct sock_fprog *)argument);
  return result;
}

/* Variadic in the headers; all arguments travel in registers either way. */
EXPORT int boxer_prctl(int, long, long, long, long) __asm__("prctl");
EXPORT int boxer_prctl(int option, long a, long b, long c, long d) {
  return (int)returned(on_prctl(option, a, b, c, d));
}
