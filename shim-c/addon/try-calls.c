/*
 * Tries which system calls a process may make here. Each is tried in a process of its own, which ends
 * afterwards, whatever became of it. Only calls whose effect ends with the process are tried: with
 * privileges, mount() would change the host for everybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "addon.h"

/* Calls that this machine's C headers may not know. The numbers are the same on x86-64 and arm64. */
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/* The number of seconds after which a blocking call is given up. */
#define PATIENCE 2

typedef long call(void);

static long try_ptrace(void) { return ptrace(PTRACE_TRACEME, 0, NULL, NULL); }

static long try_seize(void) {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  if (child < 0) return -1;
  long result = ptrace(PTRACE_SEIZE, child, NULL, NULL);
  int error = errno;
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  errno = error;
  return result;
}

static long read_self(bool write) {
  char from = 1;
  char to = 0;
  struct iovec local = {&to, 1};
  struct iovec remote = {&from, 1};
  return write ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0)
               : process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
}
static long try_vm_readv(void) { return read_self(false); }
static long try_vm_writev(void) { return read_self(true); }

static long try_set_name(void) { return prctl(PR_SET_NAME, "probe"); }
static long try_death_signal(void) { return prctl(PR_SET_PDEATHSIG, SIGTERM); }
static long try_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1); }
static long try_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static long try_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }
static long try_capability_read(void) { return prctl(PR_CAPBSET_READ, 0, 0, 0, 0); }
static long try_get_seccomp(void) { return prctl(PR_GET_SECCOMP); }
static long try_set_ptracer(void) { return prctl(PR_SET_PTRACER, getpid(), 0, 0, 0); }
static long try_timer_slack(void) { return prctl(PR_SET_TIMERSLACK, 50000); }
static long try_thp(void) { return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }

static struct sock_filter allow_all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
static struct sock_fprog filter = {1, allow_all};
static long try_seccomp_prctl(void) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
static long try_seccomp(void) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

static long try_chroot(void) { return chroot("/tmp"); }
static long try_user_namespace(void) { return unshare(CLONE_NEWUSER); }
static long try_mount_namespace(void) { return unshare(CLONE_NEWNS); }
static long try_network_namespace(void) { return unshare(CLONE_NEWNET); }
static long try_setuid(void) { return setuid(0); }
static long try_nice(void) { return setpriority(PRIO_PROCESS, 0, -1); }
static long try_affinity(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) < 0 ? -1 : sched_setaffinity(0, sizeof set, &set);
}
static long try_mlock(void) {
  static char page[4096];
  return mlock(page, sizeof page);
}
static long try_executable_memory(void) {
  return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                 MAP_FAILED
             ? -1
             : 0;
}

static long try_memfd(void) { return memfd_create("probe", MFD_CLOEXEC); }
static long try_io_uring(void) {
  char parameters[120] = {0};
  return syscall(SYS_io_uring_setup, 2, parameters);
}
static long try_bpf(void) { return syscall(SYS_bpf, 0, NULL, 0); }
static long try_perf(void) {
  char attributes[128] = {0};
  return syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0);
}
static long try_userfaultfd(void) { return syscall(SYS_userfaultfd, O_CLOEXEC); }
static long try_keyctl(void) { return syscall(SYS_keyctl, 0, -3, 0); }
static long try_pidfd(void) { return syscall(SYS_pidfd_open, getpid(), 0); }
static long try_openat2(void) {
  struct {
    uint64_t flags, mode, resolve;
  } how = {O_RDONLY, 0, 0};
  return syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how);
}
static long try_membarrier(void) { return syscall(SYS_membarrier, 0, 0, 0); }
static long try_inotify(void) { return inotify_init1(IN_CLOEXEC); }
static long try_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }
static long try_eventfd(void) { return eventfd(0, EFD_CLOEXEC); }
static long try_timerfd(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC); }
static long try_signalfd(void) {
  sigset_t set;
  sigemptyset(&set);
  return signalfd(-1, &set, SFD_CLOEXEC);
}
static long try_shm(void) {
  int id = shmget(IPC_PRIVATE, 4096, 0600);
  if (id >= 0) shmctl(id, IPC_RMID, NULL);
  return id;
}

static long try_abstract_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "boxer-probe-%d", (int)getpid());
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return fd < 0 ? -1
                : bind(fd, (struct sockaddr *)&address,
                       (socklen_t)(sizeof address.sun_family + 1 + (size_t)length));
}
static long bound(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return -1;
  return listen(fd, 1);
}
static long try_low_port(void) { return bound(80); }
static long try_listen(void) { return bound(0); }
static long try_udp(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static long try_ipv6(void) { return socket(AF_INET6, SOCK_STREAM, 0); }
static long try_netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static long try_raw(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static long try_ping(void) { return socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
static long try_vsock(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }

static long with_a_file(bool give_away) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/.boxer-probe-%d", (int)getpid());
  long result = mkfifo(path, 0600);
  if (result == 0 && give_away) result = chown(path, 0, 0);
  int error = errno;
  unlink(path);
  errno = error;
  return result;
}

static long try_fifo(void) { return with_a_file(false); }
static long try_chown(void) { return with_a_file(true); }

static const struct {
  const char *name;
  call *make;
} calls[] = {
    {"ptrace(PTRACE_TRACEME)", try_ptrace},
    {"ptrace(PTRACE_SEIZE)", try_seize},
    {"process_vm_readv", try_vm_readv},
    {"process_vm_writev", try_vm_writev},
    {"prctl(PR_SET_NAME)", try_set_name},
    {"prctl(PR_SET_PDEATHSIG)", try_death_signal},
    {"prctl(PR_SET_DUMPABLE)", try_dumpable},
    {"prctl(PR_SET_NO_NEW_PRIVS)", try_no_new_privileges},
    {"prctl(PR_SET_CHILD_SUBREAPER)", try_subreaper},
    {"prctl(PR_CAPBSET_READ)", try_capability_read},
    {"prctl(PR_GET_SECCOMP)", try_get_seccomp},
    {"prctl(PR_SET_SECCOMP)", try_seccomp_prctl},
    {"prctl(PR_SET_PTRACER)", try_set_ptracer},
    {"prctl(PR_SET_TIMERSLACK)", try_timer_slack},
    {"prctl(PR_SET_THP_DISABLE)", try_thp},
    {"seccomp", try_seccomp},
    {"chroot", try_chroot},
    {"unshare(CLONE_NEWUSER)", try_user_namespace},
    {"unshare(CLONE_NEWNS)", try_mount_namespace},
    {"unshare(CLONE_NEWNET)", try_network_namespace},
    {"setuid(0)", try_setuid},
    {"setpriority(-1)", try_nice},
    {"sched_setaffinity", try_affinity},
    {"mlock", try_mlock},
    {"mmap(PROT_WRITE|PROT_EXEC)", try_executable_memory},
    {"memfd_create", try_memfd},
    {"io_uring_setup", try_io_uring},
    {"bpf", try_bpf},
    {"perf_event_open", try_perf},
    {"userfaultfd", try_userfaultfd},
    {"keyctl", try_keyctl},
    {"pidfd_open", try_pidfd},
    {"openat2", try_openat2},
    {"membarrier", try_membarrier},
    {"inotify_init1", try_inotify},
    {"epoll_create1", try_epoll},
    {"eventfd", try_eventfd},
    {"timerfd_create", try_timerfd},
    {"signalfd", try_signalfd},
    {"shmget", try_shm},
    {"bind(abstract Unix socket)", try_abstract_socket},
    {"bind(TCP port 80)", try_low_port},
    {"listen(TCP)", try_listen},
    {"socket(UDP)", try_udp},
    {"socket(IPv6)", try_ipv6},
    {"socket(netlink)", try_netlink},
    {"socket(raw ICMP)", try_raw},
    {"socket(ping)", try_ping},
    {"socket(vsock)", try_vsock},
    {"mkfifo", try_fifo},
    {"chown to root", try_chown},
};

/* How a call ended: with 0, with an errno, or with the signal that ended the process. */
struct outcome {
  int error, signal;
};

static struct outcome in_a_process(call *make) {
  pid_t child = fork();
  if (child < 0) return (struct outcome){errno, 0};
  if (child == 0) {
    // Node's own handlers are for its own thread of events.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    alarm(PATIENCE);
    _exit(make() < 0 ? errno : 0);
  }
  int status;
  for (;;) {
    pid_t ended = waitpid(child, &status, WUNTRACED);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) return (struct outcome){errno, 0};
    if (!WIFSTOPPED(status)) break;
    kill(child, SIGKILL);
  }
  return WIFEXITED(status) ? (struct outcome){WEXITSTATUS(status), 0} : (struct outcome){0, WTERMSIG(status)};
}

napi_value try_calls(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value list;
  if (napi_create_array(env, &list) != napi_ok) return NULL;
  for (uint32_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    struct outcome outcome = in_a_process(calls[i].make);
    napi_value entry, name;
    napi_create_object(env, &entry);
    napi_create_string_utf8(env, calls[i].name, NAPI_AUTO_LENGTH, &name);
    napi_set_named_property(env, entry, "name", name);
    napi_set_named_property(env, entry, "errno", make_int(env, outcome.error));
    napi_set_named_property(env, entry, "signal", make_int(env, outcome.signal));
    napi_set_element(env, list, i, entry);
  }
  return list;
}
