/* Converts between JavaScript values and C ones. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addon.h"

void get_arguments(napi_env env, napi_callback_info info, napi_value arguments[ARGUMENTS_MAX]) {
  size_t count = ARGUMENTS_MAX;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
}

napi_value throw_errno(napi_env env, int error, const char *what) {
  char message[512];
  snprintf(message, sizeof message, "%s: %s", what, strerror(error));
  const char *name = strerrorname_np(error);
  napi_throw_error(env, name ? name : "EIO", message);
  return NULL;
}

bool type_error(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return false;
}

static bool wrong_type(napi_env env, const char *what, const char *wanted) {
  char message[128];
  snprintf(message, sizeof message, "%s must be %s", what, wanted);
  return type_error(env, message);
}

bool get_int(napi_env env, napi_value value, const char *what, int32_t *result) {
  if (napi_get_value_int32(env, value, result) == napi_ok) return true;
  return wrong_type(env, what, "a number");
}

bool get_text(napi_env env, napi_value value, const char *what, char **result) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok)
    return wrong_type(env, what, "a string");
  *result = malloc(length + 1);
  if (!*result) return throw_errno(env, ENOMEM, what) != NULL;
  napi_get_value_string_utf8(env, value, *result, length + 1, &length);
  if (strlen(*result) == length) return true;
  free(*result);
  return wrong_type(env, what, "without NUL bytes");
}

napi_value make_int(napi_env env, int64_t value) {
  napi_value result = NULL;
  napi_create_int64(env, value, &result);
  return result;
}
