import type { Socket } from 'node:net';

/**
 * Returns the file descriptor of an open socket. Node has no public API for it, but the handle has had `fd`
 * since version 0.x.
 * @throws Error if the socket is closed.
 */
export function socketFd(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof fd !== 'number' || fd < 0) throw new Error('the socket has no descriptor any more');
  return fd;
}
