/*
 * TCP connections that are made here and read by a guest, which gets the descriptor. They need an address, a
 * port and the news that they are established, but no stream. They live on Node's own loop.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "addon.h"

struct dial {
  napi_env env;
  napi_async_context context;
  napi_ref on_done;
  uv_poll_t poll;
  int fd; /* -1 once it was handed over or closed */
  bool closed, collected;
};

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/*
 * Writes a dotted IPv4 address, mapped for an AF_INET6 socket; the empty text is the wildcard. False: the
 * text is no address.
 */
static bool address_of(union address *address, socklen_t *size, bool mapped, const char *text, int32_t port) {
  struct in_addr ip = {htonl(INADDR_ANY)};
  memset(address, 0, sizeof *address);
  if (port < 0 || port > 65535 || (*text && inet_pton(AF_INET, text, &ip) != 1)) return false;
  if (!mapped) {
    address->v4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = ip};
    *size = sizeof address->v4;
    return true;
  }
  address->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  *size = sizeof address->v6;
  if (!*text) return true;
  memset(&address->v6.sin6_addr.s6_addr[10], 0xff, 2);
  memcpy(&address->v6.sin6_addr.s6_addr[12], &ip, sizeof ip);
  return true;
}

/* Returns a socket that is connecting, or an errno negated. */
static int begin(const union address *local, const union address *remote, socklen_t size) {
  static const int yes = 1;
  int fd = socket(local->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, &local->any, size) == 0 && (connect(fd, &remote->any, size) == 0 || errno == EINPROGRESS))
    return fd;
  int error = errno;
  close(fd);
  return -error;
}

/* 1: the connection is established; 0: it is under way; otherwise an errno, negated. */
static int outcome(int fd) {
  struct pollfd look = {.fd = fd, .events = POLLOUT};
  int error = 0;
  socklen_t size = sizeof error;
  if (poll(&look, 1, 0) == 0) return 0;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return -errno;
  return error ? -error : 1;
}

static int port_of(int fd) {
  union address address;
  socklen_t size = sizeof address;
  if (getsockname(fd, &address.any, &size) < 0) return 0;
  return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static void free_dial(struct dial *dial) {
  if (dial->closed && dial->collected) free(dial);
}

static void on_closed(uv_handle_t *handle) {
  struct dial *dial = handle->data;
  dial->closed = true;
  free_dial(dial);
}

/* The reference keeps the callback, and by it the dial itself, for as long as it waits. */
static void stop_waiting(struct dial *dial) {
  if (uv_is_closing((uv_handle_t *)&dial->poll)) return;
  uv_close((uv_handle_t *)&dial->poll, on_closed);
  napi_delete_reference(dial->env, dial->on_done);
}

static void cancel(void *data) {
  struct dial *dial = data;
  stop_waiting(dial);
  if (dial->fd >= 0) close(dial->fd);
  dial->fd = -1;
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  struct dial *dial = data;
  napi_remove_env_cleanup_hook(env, cancel, dial);
  cancel(dial);
  napi_async_destroy(env, dial->context);
  dial->collected = true;
  free_dial(dial);
}

static void on_event(uv_poll_t *poll, int status, int events) {
  (void)events;
  struct dial *dial = poll->data;
  /* For a refused connection libuv reports an event whose status does not say so. */
  int result = outcome(dial->fd);
  if (result == 0 && status >= 0) return;
  if (result == 0) result = status;
  napi_env env = dial->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value function, receiver, argument = make_int(env, result < 0 ? result : dial->fd);
  napi_get_reference_value(env, dial->on_done, &function);
  stop_waiting(dial);
  if (result < 0) close(dial->fd);
  dial->fd = -1;
  napi_get_global(env, &receiver);
  if (napi_make_callback(env, dial->context, receiver, function, 1, &argument, NULL) ==
      napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

static napi_value wait_for(napi_env env, int fd, napi_value on_done) {
  struct dial *dial = calloc(1, sizeof *dial);
  napi_value name, handle;
  if (!dial) abort();
  uv_loop_t *loop;
  napi_get_uv_event_loop(env, &loop);
  *dial = (struct dial){.env = env, .fd = fd};
  int error = uv_poll_init(loop, &dial->poll, fd);
  if (error < 0) {
    free(dial);
    close(fd);
    return throw_errno(env, -error, "poll");
  }
  dial->poll.data = dial;
  napi_create_string_utf8(env, "boxer dial", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &dial->context);
  napi_create_reference(env, on_done, 1, &dial->on_done);
  napi_create_external(env, dial, finalize, NULL, &handle);
  napi_add_env_cleanup_hook(env, cancel, dial);
  uv_poll_start(&dial->poll, UV_WRITABLE, on_event);
  return handle;
}

napi_value dial_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  int32_t family, local_port, port;
  char *local_text, *text;
  get_arguments(env, info, arguments);
  if (!get_int(env, arguments[0], "family", &family) ||
      !get_int(env, arguments[2], "localPort", &local_port) || !get_int(env, arguments[4], "port", &port) ||
      !get_text(env, arguments[1], "localAddress", &local_text))
    return NULL;
  if (!get_text(env, arguments[3], "address", &text)) return free(local_text), NULL;
  union address local, remote;
  socklen_t size;
  bool valid = address_of(&local, &size, family == 6, local_text, local_port) && *text &&
               address_of(&remote, &size, family == 6, text, port);
  free(local_text);
  free(text);
  if (!valid) return throw_errno(env, EINVAL, "the address or port of a connection");
  int fd = begin(&local, &remote, size);
  if (fd < 0) return throw_errno(env, -fd, "connect");
  /* On one host the connection often is established already. */
  int result = outcome(fd);
  if (result < 0) return close(fd), throw_errno(env, -result, "connect");
  return result == 1 ? make_int(env, fd) : wait_for(env, fd, arguments[5]);
}

napi_value dial_cancel_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  void *dial = NULL;
  get_arguments(env, info, arguments);
  if (napi_get_value_external(env, arguments[0], &dial) != napi_ok)
    return type_error(env, "dial must be what dial returned"), NULL;
  cancel(dial);
  return NULL;
}

napi_value local_port_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  int32_t fd;
  void *dial;
  get_arguments(env, info, arguments);
  if (napi_get_value_external(env, arguments[0], &dial) == napi_ok)
    return make_int(env, port_of(((struct dial *)dial)->fd));
  return get_int(env, arguments[0], "socket", &fd) ? make_int(env, port_of(fd)) : NULL;
}

napi_value close_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  int32_t fd, reset;
  get_arguments(env, info, arguments);
  if (!get_int(env, arguments[0], "fd", &fd) || !get_int(env, arguments[1], "reset", &reset)) return NULL;
  static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(fd);
  return NULL;
}
