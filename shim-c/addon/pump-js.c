/* The pump's interface to JavaScript: see pump.h, and supervisor/network/relay/pump.ts for its caller. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addon.h"
#include "pump.h"

struct handle {
  struct pump *pump; /* NULL once stopped */
  uint32_t slots;
  napi_threadsafe_function ended;
  napi_ref held; /* the thread writes to it */
};

struct ending {
  uint32_t slot;
  uint64_t sent, received;
};

static void tell(napi_env env, napi_value callback, void *context, void *data) {
  (void)context;
  struct ending *ending = data;
  if (env) {
    napi_value undefined, arguments[3];
    napi_get_undefined(env, &undefined);
    arguments[0] = make_int(env, ending->slot);
    arguments[1] = make_int(env, (int64_t)ending->sent);
    arguments[2] = make_int(env, (int64_t)ending->received);
    napi_call_function(env, undefined, callback, 3, arguments, NULL);
  }
  free(ending);
}

/*
 * Runs on the pump's thread. At most one ending for each slot is under way, so the queue is bounded by their
 * number.
 */
static void on_ended(void *context, uint32_t slot, uint64_t sent, uint64_t received) {
  struct handle *handle = context;
  struct ending *ending = malloc(sizeof *ending);
  if (!ending) abort();
  *ending = (struct ending){slot, sent, received};
  if (napi_call_threadsafe_function(handle->ended, ending, napi_tsfn_nonblocking) != napi_ok) free(ending);
}

static void stop(void *data) {
  struct handle *handle = data;
  if (!handle->pump) return;
  pump_stop(handle->pump);
  handle->pump = NULL;
  napi_release_threadsafe_function(handle->ended, napi_tsfn_abort);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)hint;
  struct handle *handle = data;
  napi_remove_env_cleanup_hook(env, stop, handle);
  stop(handle);
  napi_delete_reference(env, handle->held);
  free(handle);
}

static struct handle *running(napi_env env, napi_value value) {
  void *handle = NULL;
  if (napi_get_value_external(env, value, &handle) != napi_ok)
    return type_error(env, "pump must be a pump"), NULL;
  if (((struct handle *)handle)->pump) return handle;
  throw_errno(env, ESHUTDOWN, "pump");
  return NULL;
}

static bool get_slot(napi_env env, napi_value value, const struct handle *handle, uint32_t *slot) {
  int32_t given;
  if (!get_int(env, value, "slot", &given)) return false;
  *slot = (uint32_t)given;
  return given >= 0 && *slot < handle->slots ? true : type_error(env, "slot must be one of the pump's");
}

napi_value pump_start_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX], name, result;
  napi_typedarray_type type;
  size_t slots;
  void *held;
  int32_t idle;
  get_arguments(env, info, arguments);
  if (napi_get_typedarray_info(env, arguments[0], &type, &slots, &held, NULL, NULL) != napi_ok ||
      type != napi_uint32_array || slots == 0 || slots > 1 << 20)
    return type_error(env, "held must be an Uint32Array"), NULL;
  if (!get_int(env, arguments[1], "idle", &idle) || idle < 0)
    return type_error(env, "idle must be in ms"), NULL;
  struct handle *handle = calloc(1, sizeof *handle);
  if (!handle) return throw_errno(env, ENOMEM, "pump");
  handle->slots = (uint32_t)slots;
  napi_create_string_utf8(env, "pump", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, arguments[2], NULL, name, 0, 1, NULL, NULL, NULL, tell,
                                      &handle->ended) != napi_ok) {
    free(handle);
    return type_error(env, "onEnded must be a function"), NULL;
  }
  /* Flows do not keep the process alive; callers that wait for their end do. */
  napi_unref_threadsafe_function(env, handle->ended);
  napi_create_reference(env, arguments[0], 1, &handle->held);
  const struct pump_options options = {
      .slots = handle->slots, .idle = (uint32_t)idle, .held = held, .ended = on_ended, .context = handle};
  int error = pump_start(&options, &handle->pump);
  if (error) {
    napi_release_threadsafe_function(handle->ended, napi_tsfn_abort);
    napi_delete_reference(env, handle->held);
    free(handle);
    return throw_errno(env, error, "pump");
  }
  napi_add_env_cleanup_hook(env, stop, handle);
  napi_create_external(env, handle, finalize, NULL, &result);
  return result;
}

static bool get_early(napi_env env, napi_value value, struct pump_early *early) {
  napi_valuetype type;
  void *bytes;
  napi_typeof(env, value, &type);
  *early = (struct pump_early){0};
  if (type == napi_undefined) return true;
  if (napi_get_buffer_info(env, value, &bytes, &early->size) != napi_ok)
    return type_error(env, "bytes must be a Buffer");
  if (early->size == 0) return true;
  early->bytes = malloc(early->size);
  if (!early->bytes) return throw_errno(env, ENOMEM, "pump") != NULL;
  memcpy(early->bytes, bytes, early->size);
  return true;
}

napi_value pump_add_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  uint32_t slot;
  int32_t given[2];
  struct pump_early early[2] = {{0}, {0}};
  get_arguments(env, info, arguments);
  struct handle *handle = running(env, arguments[0]);
  if (!handle || !get_slot(env, arguments[1], handle, &slot)) return NULL;
  if (!get_int(env, arguments[2], "a", &given[0]) || !get_int(env, arguments[3], "b", &given[1])) return NULL;
  int fds[2] = {fcntl(given[0], F_DUPFD_CLOEXEC, 3), fcntl(given[1], F_DUPFD_CLOEXEC, 3)};
  int error = errno;
  if (fds[0] >= 0 && fds[1] >= 0) {
    if (get_early(env, arguments[4], &early[0]) && get_early(env, arguments[5], &early[1])) {
      pump_add(handle->pump, slot, fds, early);
      return NULL;
    }
    for (int i = 0; i < 2; i++) free(early[i].bytes);
    error = 0;
  }
  for (int i = 0; i < 2; i++)
    if (fds[i] >= 0) close(fds[i]);
  return error ? throw_errno(env, error, "dup") : NULL;
}

napi_value pump_reset_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  uint32_t slot;
  get_arguments(env, info, arguments);
  struct handle *handle = running(env, arguments[0]);
  if (handle && get_slot(env, arguments[1], handle, &slot)) pump_reset(handle->pump, slot);
  return NULL;
}

napi_value pump_stop_js(napi_env env, napi_callback_info info) {
  napi_value arguments[ARGUMENTS_MAX];
  get_arguments(env, info, arguments);
  struct handle *handle = running(env, arguments[0]);
  if (handle) stop(handle);
  return NULL;
}
