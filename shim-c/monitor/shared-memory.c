/*
 * shm_open() and named semaphores where /dev/shm is remapped: libc opens files below /dev/shm without a call
 * that the monitor could intercept. Elsewhere libc's functions do it.
 */
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "claim.h"
#include "libc.h"
#include "monitor.h"
#include "place.h"

#define FOLDER "/dev/shm/"
#define SEMAPHORE "sem."
#define SEMAPHORES 256 /* open at once in one process; musl has as many */

/* Whether the monitor opens the object, because /dev/shm is remapped. */
static bool is_ours(void) { return is_remapped(AT_FDCWD, FOLDER); }

/* False, with errno set: the name is not valid. */
static bool find_object(const char *name, const char *prefix, struct place *place) {
  char path[sizeof FOLDER + sizeof SEMAPHORE + NAME_MAX + 1] = FOLDER;
  while (*name == '/') name++;
  size_t length = strlen(name);
  bool dots = name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
  for (size_t i = 0; i < length; i++)
    if (name[i] == '/') length = 0;
  if (length == 0 || dots) return fail(EINVAL), false;
  if (length + strlen(prefix) > NAME_MAX) return fail(ENAMETOOLONG), false;
  memcpy(path + sizeof FOLDER - 1, prefix, strlen(prefix));
  memcpy(path + sizeof FOLDER - 1 + strlen(prefix), name, length + 1);
  return find_place(AT_FDCWD, path, place);
}

__attribute__((noinline)) static int open_object(const char *name, int flags, mode_t mode) {
  SHORT_PLACE(place);
  if (!find_object(name, "", &place)) return -1;
  long fd = raw(SYS_openat, AT_FDCWD, place.path, flags | O_NOFOLLOW | O_CLOEXEC, mode);
  leave_place(&place);
  return (int)returned(fd);
}

EXPORT int shm_open(const char *name, int flags, mode_t mode) {
  if (is_ours()) return open_object(name, flags, mode);
  int (*real)(const char *, int, mode_t) = LIBC(int (*)(const char *, int, mode_t), shm_open);
  return real ? real(name, flags, mode) : fail(ENOSYS);
}

__attribute__((noinline)) static int unlink_our_object(const char *name, const char *prefix) {
  SHORT_PLACE(place);
  if (!find_object(name, prefix, &place)) return -1;
  long result = raw(SYS_unlinkat, AT_FDCWD, place.path, 0);
  leave_place(&place);
  return (int)returned(result);
}

static int unlink_object(const char *name, const char *prefix, enum libc_function which) {
  if (is_ours()) return unlink_our_object(name, prefix);
  int (*real)(const char *) = (int (*)(const char *))libc_function(which);
  return real ? real(name) : fail(ENOSYS);
}

EXPORT int shm_unlink(const char *name) { return unlink_object(name, "", LIBC_shm_unlink); }
EXPORT int sem_unlink(const char *name) { return unlink_object(name, SEMAPHORE, LIBC_sem_unlink); }

/*
 * The semaphores that this process has open: the same semaphore is at the same address however often it is
 * opened. There is no lock: a slot is taken by its count.
 */
static struct slot {
  _Atomic uint32_t count;
  _Atomic(sem_t *) address;
  _Atomic uint64_t device;
  _Atomic uint64_t inode;
} slots[SEMAPHORES];

static sem_t *open_already(const struct stat *file) {
  for (struct slot *slot = slots; slot < slots + SEMAPHORES; slot++) {
    uint32_t count = atomic_load(&slot->count);
    if (count == 0 || slot->inode != file->st_ino || slot->device != file->st_dev) continue;
    while (count > 0 && !atomic_compare_exchange_weak(&slot->count, &count, count + 1)) continue;
    if (count > 0) return slot->address;
  }
  return NULL;
}

static bool remember(sem_t *address, const struct stat *file) {
  for (struct slot *slot = slots; slot < slots + SEMAPHORES; slot++) {
    sem_t *nobody = NULL;
    if (slot->address || !atomic_compare_exchange_strong(&slot->address, &nobody, address)) continue;
    slot->device = file->st_dev;
    slot->inode = file->st_ino;
    atomic_store(&slot->count, 1);
    return true;
  }
  return false;
}

static sem_t *map(int fd) {
  long at = raw(SYS_mmap, 0, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at < 0 && at > -4096) return (sem_t *)(uintptr_t)returned(at), SEM_FAILED;
  return (sem_t *)at;
}

/* Maps an open semaphore file, and closes it. */
static sem_t *use(int fd) {
  struct stat file;
  sem_t *found = SEM_FAILED;
  /* A file that is too short was not made by sem_open(). Mapping it would kill the guest. */
  if (raw(SYS_fstat, fd, &file) < 0 || file.st_size < (off_t)sizeof(sem_t))
    fail(EINVAL);
  else if (!(found = open_already(&file))) {
    found = map(fd);
    if (found != SEM_FAILED && !remember(found, &file)) {
      raw(SYS_munmap, found, sizeof(sem_t));
      found = SEM_FAILED;
      fail(EMFILE);
    }
  }
  raw(SYS_close, fd);
  return found;
}

/* Writes the unique end of the new file's path. */
static void number(char *to, uint64_t value) {
  for (int i = 0; i < 16; i++, value >>= 4) to[i] = "0123456789abcdef"[value & 15];
  to[16] = 0;
}

/* Creates a semaphore that is complete before it gets its name. Returns its descriptor, or -errno. */
static int create(const char *path, mode_t mode, unsigned value) {
  static _Atomic uint32_t turn;
  size_t length = strlen(path);
  char *fresh = claim(length + 24, HERE);
  if (!fresh) return -ENOMEM;
  memcpy(fresh, path, length);
  fresh[length++] = '~';
  number(fresh + length, (uint64_t)raw(SYS_gettid) << 32 | atomic_fetch_add(&turn, 1));
  int fd = (int)raw(SYS_openat, AT_FDCWD, fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0) return unclaim(fresh), fd;
  long error = raw(SYS_ftruncate, fd, sizeof(sem_t));
  sem_t *at = error < 0 ? SEM_FAILED : map(fd);
  int (*init)(sem_t *, int, unsigned) = LIBC(int (*)(sem_t *, int, unsigned), sem_init);
  if (at == SEM_FAILED || !init)
    error = error < 0 ? error : -ENOMEM;
  else {
    init(at, 1, value);
    raw(SYS_munmap, at, sizeof(sem_t));
    error = raw(SYS_linkat, AT_FDCWD, fresh, AT_FDCWD, path, 0);
  }
  raw(SYS_unlinkat, AT_FDCWD, fresh, 0);
  unclaim(fresh);
  if (error == 0) return fd;
  raw(SYS_close, fd);
  return (int)error;
}

static sem_t *open_semaphore(const char *path, int flags, mode_t mode, unsigned value) {
  if (flags & O_CREAT && value > INT_MAX) return fail(EINVAL), SEM_FAILED;
  /* Other processes may create and unlink it between two of these steps. */
  for (int attempts = 100; attempts > 0; attempts--) {
    int fd = -ENOENT;
    if ((flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
      fd = (int)raw(SYS_openat, AT_FDCWD, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd == -ENOENT && flags & O_CREAT) fd = create(path, mode, value);
    if (fd >= 0) return use(fd);
    if (fd != -EEXIST || flags & O_EXCL) return fail(-fd), SEM_FAILED;
  }
  return fail(EAGAIN), SEM_FAILED;
}

__attribute__((noinline)) static sem_t *open_our_semaphore(const char *name, int flags, mode_t mode,
                                                           unsigned value) {
  SHORT_PLACE(place);
  if (!find_object(name, SEMAPHORE, &place)) return SEM_FAILED;
  sem_t *opened = open_semaphore(place.path, flags, mode, value);
  leave_place(&place);
  return opened;
}

EXPORT sem_t *sem_open(const char *name, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  unsigned value = flags & O_CREAT ? va_arg(rest, unsigned) : 0;
  va_end(rest);
  if (is_ours()) return open_our_semaphore(name, flags, mode, value);
  sem_t *(*real)(const char *, int, ...) = LIBC(sem_t * (*)(const char *, int, ...), sem_open);
  return real ? real(name, flags, mode, value) : (fail(ENOSYS), SEM_FAILED);
}

EXPORT int sem_close(sem_t *semaphore) {
  for (struct slot *slot = slots; slot < slots + SEMAPHORES; slot++) {
    if (slot->address != semaphore || slot->count == 0) continue;
    if (atomic_fetch_sub(&slot->count, 1) > 1) return 0;
    raw(SYS_munmap, semaphore, sizeof(sem_t));
    atomic_store(&slot->address, NULL);
    return 0;
  }
  int (*real)(sem_t *) = LIBC(int (*)(sem_t *), sem_close);
  return real ? real(semaphore) : fail(EINVAL);
}
