#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addon.h"

napi_value memfd_create_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  char *name;
  int64_t size;
  get_arguments(env, info, arguments);
  if (napi_get_value_int64(env, arguments[1], &size) != napi_ok || size < 0)
    return type_error(env, "size must be a number"), NULL;
  if (!get_text(env, arguments[0], "name", &name)) return NULL;
  int fd = memfd_create(name, MFD_CLOEXEC);
  free(name);
  if (fd < 0) return throw_errno(env, errno, "memfd_create");
  if (ftruncate(fd, size) == 0) return make_int(env, fd);
  int error = errno;
  close(fd);
  return throw_errno(env, error, "ftruncate");
}

ssize_t send_beside(int to, const void *bytes, size_t size, int fd) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
  }
  ssize_t sent;
  do sent = sendmsg(to, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

napi_value make_pipe(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return throw_errno(env, errno, "pipe");
  napi_value result;
  napi_create_array_with_length(env, 2, &result);
  for (uint32_t i = 0; i < 2; i++) napi_set_element(env, result, i, make_int(env, ends[i]));
  return result;
}

napi_value limit_descriptors(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  int64_t wanted;
  struct rlimit limit;
  get_arguments(env, info, arguments);
  if (napi_get_value_int64(env, arguments[0], &wanted) != napi_ok || wanted < 0)
    return type_error(env, "limit must be a number"), NULL;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return throw_errno(env, errno, "getrlimit");
  rlim_t before = limit.rlim_cur;
  limit.rlim_cur = (rlim_t)wanted < limit.rlim_max ? (rlim_t)wanted : limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return throw_errno(env, errno, "setrlimit");
  return make_int(env, (int64_t)before);
}

napi_value deaf_listener(napi_env env, napi_callback_info info) {
  static struct sock_filter drop[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  static const struct sock_fprog filter = {.len = 1, .filter = drop};
  napi_value arguments[ARGUMENTS_MAX];
  char *text;
  struct sockaddr_in address = {.sin_family = AF_INET};
  get_arguments(env, info, arguments);
  if (!get_text(env, arguments[0], "address", &text)) return NULL;
  bool valid = inet_pton(AF_INET, text, &address.sin_addr) == 1;
  free(text);
  if (!valid) return throw_errno(env, EINVAL, "the address of a listener");
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return throw_errno(env, errno, "socket");
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
      setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 && listen(fd, 1) == 0)
    return make_int(env, fd);
  int error = errno;
  close(fd);
  return throw_errno(env, error, "a listener that answers nobody");
}
