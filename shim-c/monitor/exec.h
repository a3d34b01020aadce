/* execve() and execveat(), under any of its names and through syscall(): sets errno as libc does. */
#ifndef BOXER_EXEC_H
#define BOXER_EXEC_H

int on_execve(const char *path, char *const *arguments, char *const *environment);
int on_execveat(int directory, const char *path, char *const *arguments, char *const *environment, int flags);

#endif
