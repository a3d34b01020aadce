/* The overlay of the test supervisor. Its network is a separate namespace, with these addresses on `lo`. */
#define UNDERLAY_SELF "10.66.0.1"
#define UNDERLAY_DIRECT "10.66.0.2"
#define UNDERLAY_RELAY "10.66.0.9"
#define SIGNAL_SOURCE "127.66.79.88"

#define SELF "198.18.0.1"        /* this node, hostname self-node */
#define NODE_DIRECT "198.18.0.2" /* the kernel reaches it at UNDERLAY_DIRECT */
#define NODE_ASKED "198.18.0.3"  /* the supervisor says UNDERLAY_RELAY, same port */
#define NODE_REFUSED "198.18.0.4"
#define NODE_UNREACHABLE "198.18.0.5"
#define NODE_SLOW "198.18.0.6"   /* as NODE_ASKED, after 300 ms */
#define NODE_SILENT "198.18.0.7" /* no answer for 20 s */
#define NODE_LOOP "198.18.0.20"  /* leads back to this node's listener, by a signal connection */
#define NODE_GONE "198.18.0.21"  /* a signal connection whose connection is not there any more */
#define NODE_PUNCHED                                                                                         \
  "198.18.0.22" /* as NODE_ASKED, from a port that the supervisor chooses: PUNCH_PORT on, one more each time \
                 */
#define NODE_TAKEN "198.18.0.23" /* as NODE_PUNCHED, but the port is always PUNCH_PORT - 1 */
#define NODE_RESETTING \
  "198.18.0.24" /* as NODE_ASKED, refused for 200 ms; a second is allowed for trying again */
#define PUNCH_PORT 61000
#define UNKNOWN "198.18.9.9"
#define ASKED_NAME_ADDRESS "198.18.0.50"
/* An operation that does nothing. The test supervisor's answer shows that it has read all earlier requests.
 */
#define TEST_NOTHING 99
