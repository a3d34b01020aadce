/* What an accepted socket has from its listener. */
#ifndef BOXER_INHERIT_H
#define BOXER_INHERIT_H

/* Gives `to` the options that a socket accepted from the listener `from` inherits. */
void inherit_options(int from, int to);

#endif
