/* The libc functions that the monitor itself calls, found without dlsym (which may allocate, or be interposed). */
#ifndef BOXER_LIBC_H
#define BOXER_LIBC_H

/* clang-format off */
#define LIBC_FUNCTIONS(each) \
  each(getpwuid) each(getpwuid_r) each(getpwnam) each(getpwnam_r) each(getgrgid) each(getgrgid_r) each(getgrnam) each(getgrnam_r) \
  each(sendto) each(sendmsg) each(sendmmsg) each(recvfrom) each(recvmsg) each(recvmmsg) \
  each(accept4) each(connect) each(fcntl) each(closefrom) \
  each(execvpe) each(posix_spawn) each(posix_spawnp) \
  each(res_query) each(__res_query) each(res_search) each(__res_search) each(res_querydomain) each(__res_querydomain) each(res_send) each(__res_send) \
  each(res_nquery) each(__res_nquery) each(res_nsearch) each(__res_nsearch) each(res_nquerydomain) each(__res_nquerydomain) each(res_nsend) each(__res_nsend) \
  each(getaddrinfo) each(gai_strerror) each(freeaddrinfo) each(getnameinfo) \
  each(gethostbyname) each(gethostbyname2) each(gethostbyname_r) each(gethostbyname2_r) \
  each(gethostbyaddr) each(gethostbyaddr_r) each(__chk_fail) each(getifaddrs) \
  each(open) each(openat) each(__open_2) each(__openat_2) each(faccessat) each(euidaccess) each(fchmodat) each(remove) \
  each(utime) each(pathconf) each(ftok) each(futimesat) each(utimes) each(lutimes) each(statvfs) each(realpath) each(__realpath_chk) \
  each(dlopen) each(gnu_get_libc_version) each(glob) each(ftw) each(ftw64) each(nftw) each(nftw64) each(fts_open) each(fts64_open) \
  each(getcwd) each(get_current_dir_name) each(strdup) \
  each(shm_open) each(shm_unlink) each(sem_open) each(sem_close) each(sem_unlink) each(sem_init) \
  each(fopen) each(freopen) each(opendir) each(scandir) each(scandirat) each(posix_spawn_file_actions_addopen) \
  each(mktemp) \
  each(mkstemp) each(mkostemp) each(mkstemps) each(mkostemps) each(mkdtemp)
/* clang-format on */

#define LIBC_INDEX(name) LIBC_##name,
enum libc_function { LIBC_FUNCTIONS(LIBC_INDEX) LIBC_COUNT };
#undef LIBC_INDEX

/* The next definition behind our own in the search order; NULL when this libc has none. */
void *libc_function(enum libc_function which);

#define LIBC(type, name) ((type)libc_function(LIBC_##name))

#endif
