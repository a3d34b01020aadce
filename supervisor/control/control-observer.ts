/** Why a connection was turned away, or ended, before its peer was known. */
export type HandshakeFailure = 'total' | 'perAddress' | 'handshake' | 'identity' | 'sessions';

/** Is told what happens to control connections; counts, nothing that names anybody. */
export interface ControlObserver {
  /** A peer has proven who it is, so many ms after it connected. */
  handshake(ms: number): void;
  handshakeFailed(why: HandshakeFailure): void;
  /** An established connection ended: `malformed`, `silent`, `unread` or `closed`. */
  ended(how: SessionEnd): void;
  /** A peer sent too much, and is not read from for so many ms. */
  throttled(ms: number): void;
  /** A request of the peer's was answered after so many ms, with this errno where it failed. */
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
