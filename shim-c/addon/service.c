/*
 * The service socket: one request and one reply for each connection, see service-wire.h. It lives on Node's
 * own loop, without a stream around every connection: a request that is answered at once costs one wake-up,
 * accept, recv, send and close.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "../service-wire.h"
#include "addon.h"

#define BACKLOG 511
/* The number of connections that are accepted before the rest of the loop has its turn. */
#define ACCEPTED_AT_ONCE 64
/*
 * Clients that have stayed too long are looked for this many times per timeout, so a client stays at most
 * that part of it longer.
 */
#define LOOKS_PER_TIMEOUT 4

struct client {
  struct service *service;
  struct client *next, **self; /* links of the service's list */
  uv_poll_t poll;
  int fd;
  bool polled; /* `poll` has to be closed before this can be freed */
  bool asked;
  uint32_t id;
  uint64_t deadline; /* loop time, ms; of a client that has not asked */
  size_t got;
  char request[sizeof(struct boxer_request) +
               1]; /* a byte too many shows that the client sends more than a request */
};

struct service {
  napi_env env;
  napi_async_context context;
  napi_ref on_request, on_gone, room; /* room: where JavaScript finds the request */
  uv_loop_t *loop;
  uv_poll_t listener;
  uv_timer_t timer;
  int fd;
  int open_handles;
  bool stopped, finalized;
  uint32_t limit, count, last_id;
  uint64_t timeout; /* ms */
  struct client *clients;
};

static void free_service(struct service *service) {
  if (service->open_handles == 0 && service->count == 0 && service->finalized) free(service);
}

static void unlink_client(struct client *client) {
  *client->self = client->next;
  if (client->next) client->next->self = client->self;
}

static void on_client_closed(uv_handle_t *handle) {
  struct client *client = handle->data;
  struct service *service = client->service;
  service->count--;
  free(client);
  free_service(service);
}

/* Closes the connection. The other end can still read what was sent. */
static void end(struct client *client) {
  unlink_client(client);
  if (client->polled) {
    uv_close((uv_handle_t *)&client->poll, on_client_closed);
    close(client->fd);
    return;
  }
  close(client->fd);
  client->service->count--;
  free(client);
}

/* Calls JavaScript with the id. What it throws becomes an uncaught exception. */
static void call(struct service *service, napi_ref reference, uint32_t id) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(service->env, &scope) != napi_ok) return;
  napi_value function, receiver, argument = make_int(service->env, id);
  napi_get_reference_value(service->env, reference, &function);
  napi_get_global(service->env, &receiver);
  if (napi_make_callback(service->env, service->context, receiver, function, 1, &argument, NULL) ==
      napi_pending_exception) {
    napi_value error;
    napi_get_and_clear_last_exception(service->env, &error);
    napi_fatal_exception(service->env, error);
  }
  napi_close_handle_scope(service->env, scope);
}

static struct client *find_client(struct service *service, uint32_t id) {
  for (struct client *client = service->clients; client; client = client->next)
    if (client->id == id) return client;
  return NULL;
}

static void on_client(uv_poll_t *poll, int status, int events);

static void watch(struct client *client) {
  struct service *service = client->service;
  if (!client->polled) {
    if (uv_poll_init(service->loop, &client->poll, client->fd) < 0) {
      end(client);
      return;
    }
    client->poll.data = client;
    client->polled = true;
  }
  uv_poll_start(&client->poll, UV_READABLE | UV_DISCONNECT, on_client);
}

/* JavaScript may have answered, and ended the client, when it returns. */
static void ask(struct client *client) {
  struct service *service = client->service;
  uint32_t id = client->id;
  void *room;
  size_t size;
  napi_handle_scope scope;
  napi_value value;
  if (napi_open_handle_scope(service->env, &scope) != napi_ok) return;
  napi_get_reference_value(service->env, service->room, &value);
  bool fits = napi_get_buffer_info(service->env, value, &room, &size) == napi_ok &&
              size == sizeof(struct boxer_request);
  if (fits) memcpy(room, client->request, size);
  napi_close_handle_scope(service->env, scope);
  client->asked = true;
  if (fits) call(service, service->on_request, id);
  client = service->stopped ? NULL : find_client(service, id);
  /* The request is not answered yet: the loop watches for a client that goes away meanwhile. */
  if (client) watch(client);
}

/* Whether the connection can be closed. */
static bool read_request(struct client *client) {
  ssize_t got;
  do
    got = recv(client->fd, client->request + client->got, sizeof client->request - client->got, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0) return errno != EAGAIN;
  client->got += (size_t)got;
  return got == 0 || client->got > sizeof(struct boxer_request);
}

static void give_up(struct client *client) {
  struct service *service = client->service;
  uint32_t id = client->id;
  bool asked = client->asked;
  end(client);
  if (asked) call(service, service->on_gone, id);
}

static void on_client(uv_poll_t *poll, int status, int events) {
  (void)events;
  struct client *client = poll->data;
  /*
   * A process monitor sends nothing after its request, and never closes one direction alone: it was
   * interrupted, or its guest died.
   */
  if (status < 0 || client->asked || read_request(client))
    give_up(client);
  else if (client->got == sizeof(struct boxer_request))
    ask(client);
}

static void on_timer(uv_timer_t *timer) {
  struct service *service = timer->data;
  uint64_t now = uv_now(service->loop);
  bool waiting = false;
  for (struct client *client = service->clients, *next; client; client = next) {
    next = client->next;
    if (client->asked) continue;
    if (now >= client->deadline)
      end(client);
    else
      waiting = true;
  }
  if (!waiting) uv_timer_stop(timer);
}

static void wait_for_request(struct client *client) {
  struct service *service = client->service;
  client->deadline = uv_now(service->loop) + service->timeout;
  if (!uv_is_active((uv_handle_t *)&service->timer)) {
    uint64_t pause = service->timeout / LOOKS_PER_TIMEOUT + 1;
    uv_timer_start(&service->timer, on_timer, pause, pause);
  }
  watch(client);
}

static void on_connection(uv_poll_t *poll, int status, int events) {
  (void)events;
  struct service *service = poll->data;
  for (int i = 0; status == 0 && i < ACCEPTED_AT_ONCE && !service->stopped; i++) {
    int fd = accept4(service->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    struct client *client = service->count < service->limit ? calloc(1, sizeof *client) : NULL;
    if (!client) {
      close(fd);
      continue;
    }
    *client = (struct client){.service = service,
                              .fd = fd,
                              .id = ++service->last_id,
                              .next = service->clients,
                              .self = &service->clients};
    if (client->next) client->next->self = &client->next;
    service->clients = client;
    service->count++;
    if (read_request(client))
      end(client);
    else if (client->got == sizeof(struct boxer_request))
      ask(client);
    else
      wait_for_request(client);
  }
}

static void on_handle_closed(uv_handle_t *handle) {
  struct service *service = handle->data;
  service->open_handles--;
  free_service(service);
}

static void stop(void *data) {
  struct service *service = data;
  if (service->stopped) return;
  service->stopped = true;
  while (service->clients) end(service->clients);
  uv_close((uv_handle_t *)&service->listener, on_handle_closed);
  close(service->fd);
  uv_close((uv_handle_t *)&service->timer, on_handle_closed);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  struct service *service = data;
  napi_remove_env_cleanup_hook(env, stop, service);
  stop(service);
  napi_delete_reference(env, service->on_request);
  napi_delete_reference(env, service->on_gone);
  napi_delete_reference(env, service->room);
  napi_async_destroy(env, service->context);
  service->finalized = true;
  free_service(service);
}

static int listen_on(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(name);
  if (length == 0 || length >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  memcpy(address.sun_path + 1, name, length); /* abstract */
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
  if (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0) return fd;
  int error = errno;
  close(fd);
  return errno = error, -1;
}

/*
 * The socket is given by a name, on which this process listens, or by a descriptor that listens already
 * (shim-c/launcher/init.c). Returns -1 when an exception is pending.
 */
static int get_listener(napi_env env, napi_value socket) {
  napi_valuetype type;
  napi_typeof(env, socket, &type);
  int32_t fd;
  if (type == napi_number) return get_int(env, socket, "socket", &fd) ? fd : -1;
  char *name;
  if (!get_text(env, socket, "socket", &name)) return -1;
  fd = listen_on(name);
  free(name);
  if (fd < 0) throw_errno(env, errno, "the service socket");
  return fd;
}

napi_value service_start_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX], name_of_resource, handle;
  int32_t limit, timeout;
  get_arguments(env, info, arguments);
  if (!get_int(env, arguments[1], "limit", &limit) || !get_int(env, arguments[2], "timeout", &timeout))
    return NULL;
  bool is_buffer = false;
  napi_is_buffer(env, arguments[3], &is_buffer);
  if (!is_buffer) return type_error(env, "room must be a Buffer"), NULL;
  int fd = get_listener(env, arguments[0]);
  if (fd < 0) return NULL;
  struct service *service = calloc(1, sizeof *service);
  if (!service) abort();
  service->env = env;
  service->fd = fd;
  service->limit = (uint32_t)limit;
  service->timeout = (uint64_t)timeout;
  service->open_handles = 2;
  napi_get_uv_event_loop(env, &service->loop);
  uv_poll_init(service->loop, &service->listener, fd);
  uv_timer_init(service->loop, &service->timer);
  service->listener.data = service->timer.data = service;
  uv_unref((uv_handle_t *)&service->timer);
  napi_create_string_utf8(env, "boxer service", NAPI_AUTO_LENGTH, &name_of_resource);
  napi_async_init(env, NULL, name_of_resource, &service->context);
  napi_create_reference(env, arguments[3], 1, &service->room);
  napi_create_reference(env, arguments[4], 1, &service->on_request);
  napi_create_reference(env, arguments[5], 1, &service->on_gone);
  napi_create_external(env, service, finalize, NULL, &handle);
  napi_add_env_cleanup_hook(env, stop, service);
  uv_poll_start(&service->listener, UV_READABLE, on_connection);
  return handle;
}

static struct service *service_of(napi_env env, napi_value value) {
  void *service = NULL;
  if (napi_get_value_external(env, value, &service) != napi_ok)
    type_error(env, "service must be what serviceStart returned");
  return service;
}

napi_value service_answer_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  int32_t fd;
  uint32_t id;
  void *bytes;
  size_t size;
  get_arguments(env, info, arguments);
  struct service *service = service_of(env, arguments[0]);
  if (!service || !get_int(env, arguments[3], "fd", &fd)) return NULL;
  if (napi_get_value_uint32(env, arguments[1], &id) != napi_ok)
    return type_error(env, "id must be a number"), NULL;
  if (napi_get_buffer_info(env, arguments[2], &bytes, &size) != napi_ok)
    return type_error(env, "bytes must be a Buffer"), NULL;
  struct client *client = service->stopped ? NULL : find_client(service, id);
  /* The guest process died while it asked. Only its own connection is lost. */
  if (!client) return NULL;
  send_beside(client->fd, bytes, size, fd);
  end(client);
  return NULL;
}

napi_value service_stop_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  get_arguments(env, info, arguments);
  struct service *service = service_of(env, arguments[0]);
  if (service) stop(service);
  return NULL;
}
