/* What the environment said when the process started. */
#ifndef BOXER_CONFIG_H
#define BOXER_CONFIG_H

#include <stdint.h>

struct config {
  char socket[108]; /* sun_path of BOXER_SOCKET; an abstract name has its leading NUL */
  uint32_t socket_length;
  const char *preload;       /* the monitor's entry of LD_PRELOAD; NULL: none */
  char preload_setting[512]; /* "LD_PRELOAD=..." with nothing but that entry */
  char socket_setting[128];  /* "BOXER_SOCKET=..." */
  char remap_setting[4096];  /* "BOXER_REMAP=..." */
};

/* NULL: BOXER_SOCKET is not set, so the monitor leaves the network alone. */
const struct config *network_config(void);
/* NULL: neither BOXER_SOCKET nor BOXER_REMAP is set. */
const struct config *any_config(void);
/* The value of BOXER_REMAP, NULL when it is unset. */
const char *remap_value(void);

#endif
