import type { TLSSocket } from 'node:tls';

/**
 * Binds each connection to the identity whose key its handshake proves. A ClientHello may offer a list of
 * identities; OpenSSL asks for the key of one after the other, stops at the first that has a key, and ends
 * the handshake unless the client proves that very key. An identity that was refused is therefore no part of
 * the connection. `TLS_OPTIONS` exclude the other way in, a session ticket.
 */
export class ProvenIdentities {
  readonly #pskFor: (identity: string) => Buffer | null;
  /** null: more than one identity with a key was shown on the same connection. */
  readonly #shown = new WeakMap<TLSSocket, string | null>();

  constructor(pskFor: (identity: string) => Buffer | null) {
    this.#pskFor = pskFor;
  }

  /**
   * The key that the connection has to prove for this identity; null to go on to the next identity of the
   * list.
   */
  keyFor(socket: TLSSocket, identity: string): Buffer | null {
    const key = this.#pskFor(identity);
    if (!key) return null;
    const shown = this.#shown.get(socket);
    // A second ClientHello, after a HelloRetryRequest, has to offer what the first one did.
    this.#shown.set(socket, shown === undefined || shown === identity ? identity : null);
    return key;
  }

  /** To be asked once the handshake is complete. Undefined: it has proven no key, or more than one. */
  of(socket: TLSSocket): string | undefined {
    return this.#shown.get(socket) ?? undefined;
  }
}
