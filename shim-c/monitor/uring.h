/* io_uring. */
#ifndef BOXER_URING_H
#define BOXER_URING_H

/* As the system call: returns the kernel's result. */
long on_io_uring_setup(unsigned entries, void *settings);

#endif
