/*
 * Native functions for what Node has no API for. Every function throws an Error whose `code` is the errno
 * name.
 */
#ifndef BOXER_ADDON_H
#define BOXER_ADDON_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARGUMENTS_MAX 6

/* The call's arguments; missing ones are undefined. */
void get_arguments(napi_env env, napi_callback_info info, napi_value arguments[ARGUMENTS_MAX]);
/* Throws `what: <text of error>` and returns NULL, for `return throw_errno(...)`. */
napi_value throw_errno(napi_env env, int error, const char *what);
/* Throws a TypeError and returns false. */
bool type_error(napi_env env, const char *message);
/* These functions throw a TypeError and return false when the value does not have the type in their name. */
bool get_int(napi_env env, napi_value value, const char *what, int32_t *result);
bool get_text(napi_env env, napi_value value, const char *what, char **result); /* malloc()ed */
napi_value make_int(napi_env env, int64_t value);

/* Sends bytes over a Unix socket, with a descriptor beside them unless it is -1; as sendmsg(). */
ssize_t send_beside(int to, const void *bytes, size_t size, int fd);

/* memfdCreate(name: string, size: number): number */
napi_value memfd_create_js(napi_env env, napi_callback_info info);
/* sendFd(socket: number, fd: number, bytes: Buffer): void */
/* pipe(): [number, number]; reading end, writing end, both close-on-exec */
napi_value make_pipe(napi_env env, napi_callback_info info);
/* limitDescriptors(limit: number): number; sets the soft limit and returns the former one */
napi_value limit_descriptors(napi_env env, napi_callback_info info);
/* reap(keep: number[]): {pid: number, code: number | null, signal: number | null}[] */
napi_value reap(napi_env env, napi_callback_info info);
/* prctlSubreaper(): void */
napi_value prctl_subreaper(napi_env env, napi_callback_info info);
/*
 * pumpStart(held: Uint32Array, idle: number, onEnded: (slot: number, sent: number, received: number) =>
 * void): pump
 */
napi_value pump_start_js(napi_env env, napi_callback_info info);
/*
 * pumpAdd(pump, slot: number, a: number, b: number, earlyA?: Buffer, earlyB?: Buffer): void; duplicates both
 * descriptors
 */
napi_value pump_add_js(napi_env env, napi_callback_info info);
/* pumpReset(pump, slot: number): void */
napi_value pump_reset_js(napi_env env, napi_callback_info info);
/* pumpStop(pump): void; resets all remaining flows without calling onEnded */
napi_value pump_stop_js(napi_env env, napi_callback_info info);
/* trimMemory(): void; returns libc's free memory to the kernel */
napi_value trim_memory(napi_env env, napi_callback_info info);
/*
 * tryCalls(): {name: string, errno: number, signal: number}[]; takes a few milliseconds, in which nothing
 * else runs
 */
napi_value try_calls(napi_env env, napi_callback_info info);
/*
 * dial(family: 4 or 6, localAddress, localPort, address, port, onDone: (fdOrErrno) => void): a descriptor
 * when the connection is established at once, else an object for dialCancel. onDone receives a descriptor, or
 * an errno negated. Addresses are dotted IPv4; '' is the wildcard.
 */
napi_value dial_js(napi_env env, napi_callback_info info);
/* dialCancel(dial): void */
napi_value dial_cancel_js(napi_env env, napi_callback_info info);
/* localPort(socket: number or dial): number; 0 when there is none */
napi_value local_port_js(napi_env env, napi_callback_info info);
/* deafListener(address): number; a listening descriptor on a dotted IPv4 address that drops all packets */
napi_value deaf_listener(napi_env env, napi_callback_info info);
/* close(fd: number, reset: 0 | 1): void */
napi_value close_js(napi_env env, napi_callback_info info);
/*
 * serviceStart(name, limit, timeout, room: Buffer, onRequest: (id) => void, onGone: (id) => void): service;
 * `room` holds the request during onRequest
 */
napi_value service_start_js(napi_env env, napi_callback_info info);
/*
 * serviceAnswer(service, id: number, reply: Buffer, fd: number): void; ends the connection. fd is -1 for
 * none.
 */
napi_value service_answer_js(napi_env env, napi_callback_info info);
/* serviceStop(service): void; ends all connections without calling onGone */
napi_value service_stop_js(napi_env env, napi_callback_info info);

#endif
