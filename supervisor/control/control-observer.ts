/** Why a connection was refused, or ended, before its peer had proven its identity. */
export type HandshakeFailure = 'total' | 'perAddress' | 'handshake' | 'identity' | 'sessions';

/** Is notified of the events of control connections, for counting. No event names a peer. */
export interface ControlObserver {
  /** A peer has proven its identity `ms` milliseconds after it connected. */
  handshake(ms: number): void;
  handshakeFailed(why: HandshakeFailure): void;
  /** An established connection ended: `malformed`, `silent`, `unread` or `closed`. */
  ended(how: SessionEnd): void;
  /** A peer exceeded its rate limit; this side does not read from it for `ms` milliseconds. */
  throttled(ms: number): void;
  /** This side answered a peer's request after `ms` milliseconds; `errno` is set if the request failed. */
  served(type: number, ms: number, errno?: string): void;
}

export type SessionEnd = 'malformed' | 'silent' | 'unread' | 'closed';

export const NO_OBSERVER: ControlObserver = {
  handshake: () => undefined,
  handshakeFailed: () => undefined,
  ended: () => undefined,
  throttled: () => undefined,
  served: () => undefined,
};
