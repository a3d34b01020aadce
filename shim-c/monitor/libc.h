/*
 * The libc functions that the monitor itself calls, found without dlsym(), which may allocate or be
 * intercepted.
 */
#ifndef BOXER_LIBC_H
#define BOXER_LIBC_H

#include <stddef.h>

/* clang-format off */
#define LIBC_FUNCTIONS(each) \
  each(getpwuid) each(getpwuid_r) each(getpwnam) each(getpwnam_r) each(getgrgid) each(getgrgid_r) \
  each(getgrnam) each(getgrnam_r) each(sendto) each(sendmsg) each(sendmmsg) each(recvfrom) each(recvmsg) \
  each(recvmmsg) each(setsockopt) each(getsockopt) each(accept) each(accept4) each(bind) each(close) \
  each(close_range) each(connect) each(dup) each(dup2) each(dup3) each(fcntl) each(closefrom) each(listen) \
  each(getsockname) each(getpeername) each(ioctl) each(uname) each(gethostname) each(syscall) each(execve) \
  each(execveat) each(fexecve) each(execvpe) each(posix_spawn) each(posix_spawnp) each(pidfd_spawn) \
  each(pidfd_spawnp) each(system) each(popen) each(wordexp) each(prctl) each(io_uring_queue_init) \
  each(io_uring_queue_init_params) each(io_uring_queue_init_mem) each(io_uring_setup) each(res_query) \
  each(__res_query) each(res_search) each(__res_search) each(res_querydomain) each(__res_querydomain) \
  each(res_send) each(__res_send) each(res_nquery) each(__res_nquery) each(res_nsearch) \
  each(__res_nsearch) each(res_nquerydomain) each(__res_nquerydomain) each(res_nsend) each(__res_nsend) \
  each(getaddrinfo) each(gai_strerror) each(freeaddrinfo) each(getnameinfo) each(gethostbyname) \
  each(gethostbyname2) each(gethostbyname_r) each(gethostbyname2_r) each(gethostbyaddr) \
  each(gethostbyaddr_r) each(__chk_fail) each(getifaddrs) each(open) each(openat) each(__open_2) \
  each(__openat_2) each(faccessat) each(euidaccess) each(fchmodat) each(remove) each(utime) each(pathconf) \
  each(ftok) each(futimesat) each(utimes) each(lutimes) each(statvfs) each(realpath) each(__realpath_chk) \
  each(dlopen) each(dlsym) each(dlvsym) each(gnu_get_libc_version) each(glob) each(ftw) each(ftw64) \
  each(nftw) each(nftw64) each(fts_open) each(fts64_open) each(getcwd) each(get_current_dir_name) \
  each(strdup) each(shm_open) each(shm_unlink) each(sem_open) each(sem_close) each(sem_unlink) \
  each(sem_init) each(fopen) each(freopen) each(opendir) each(scandir) each(scandirat) \
  each(posix_spawn_file_actions_addopen) each(stat) each(stat64) each(lstat) each(lstat64) each(__xstat) \
  each(__xstat64) each(__lxstat) each(__lxstat64) each(statfs) each(__statfs) each(statfs64) each(access) \
  each(mkdir) each(rmdir) each(unlink) each(rename) each(link) each(symlink) each(chdir) each(chroot) \
  each(chmod) each(truncate) each(truncate64) each(mkfifo) each(listxattr) each(llistxattr) \
  each(removexattr) each(lremovexattr) each(fstatat) each(fstatat64) each(__fxstatat) each(__fxstatat64) \
  each(statx) each(mkdirat) each(unlinkat) each(renameat) each(renameat2) each(linkat) each(symlinkat) \
  each(readlink) each(readlinkat) each(chown) each(lchown) each(fchownat) each(utimensat) each(mkfifoat) \
  each(mknod) each(mknodat) each(inotify_add_watch) each(getxattr) each(lgetxattr) each(setxattr) \
  each(lsetxattr) each(mktemp) each(mkstemp) each(mkostemp) each(mkstemps) each(mkostemps) each(mkdtemp)
/* clang-format on */

#define LIBC_INDEX(name) LIBC_##name,
enum libc_function { LIBC_FUNCTIONS(LIBC_INDEX) LIBC_COUNT };
#undef LIBC_INDEX

/* The next definition behind the monitor's in the search order; NULL when this libc has none. */
void *libc_function(enum libc_function which);
/*
 * The same where the next definition is not libc's but another library's, which wants to see what the guest
 * calls. NULL otherwise.
 */
void *hook_behind(enum libc_function which);
/* libc's dl_iterate_phdr(). */
struct dl_phdr_info;
typedef int object_visitor(struct dl_phdr_info *, size_t, void *);
int each_object(object_visitor *visitor, void *data);
/* What libc_function() would give for any name. */
void *next_function(const char *name);

#define LIBC(type, name) ((type)libc_function(LIBC_##name))

/*
 * Makes the system call, or calls the hook that would have been called in its place. Returns the kernel's
 * result, -errno on failure.
 */
long next_call(enum libc_function which, long number, long a, long b, long c, long d, long e, long f);
#define NEXT_PICK(_1, _2, _3, _4, _5, _6, name, ...) name
#define NEXT1(n, a) next_call(LIBC_##n, SYS_##n, (long)(a), 0, 0, 0, 0, 0)
#define NEXT2(n, a, b) next_call(LIBC_##n, SYS_##n, (long)(a), (long)(b), 0, 0, 0, 0)
#define NEXT3(n, a, b, c) next_call(LIBC_##n, SYS_##n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define NEXT4(n, a, b, c, d) next_call(LIBC_##n, SYS_##n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define NEXT5(n, a, b, c, d, e) \
  next_call(LIBC_##n, SYS_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
/* next(bind, fd, address, length) and the like, as raw(). */
#define next(name, ...) NEXT_PICK(__VA_ARGS__, , NEXT5, NEXT4, NEXT3, NEXT2, NEXT1, )(name, __VA_ARGS__)

#endif
