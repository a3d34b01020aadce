#include "addon.h"

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"memfdCreate", memfd_create_js},
      {"pipe", make_pipe},
      {"limitDescriptors", limit_descriptors},
      {"reap", reap},
      {"prctlSubreaper", prctl_subreaper},
      {"pumpStart", pump_start_js},
      {"pumpAdd", pump_add_js},
      {"pumpReset", pump_reset_js},
      {"pumpStop", pump_stop_js},
      {"trimMemory", trim_memory},
      {"tryCalls", try_calls},
      {"serviceStart", service_start_js},
      {"serviceAnswer", service_answer_js},
      {"serviceStop", service_stop_js},
      {"dial", dial_js},
      {"dialCancel", dial_cancel_js},
      {"localPort", local_port_js},
      {"close", close_js},
      {"deafListener", deaf_listener},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL,
                             &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok)
      return NULL;
  }
  return exports;
}
