import type { TLSSocket } from 'node:tls';

/**
 * Binds each connection to the identity whose key its handshake proves. A ClientHello may offer a list of
 * identities. OpenSSL asks for the key of each in turn, stops at the first identity with a key, and ends the
 * handshake unless the client proves that very key. A refused identity is therefore never the identity of a
 * connection. `TLS_OPTIONS` exclude session tickets, which would be another way in.
 */
export class ProvenIdentities {
  readonly #pskFor: (identity: string) => Buffer | null;
  /** The identity that the connection has shown; null if it has shown more than one identity with a key. */
  readonly #shown = new WeakMap<TLSSocket, string | null>();

  constructor(pskFor: (identity: string) => Buffer | null) {
    this.#pskFor = pskFor;
  }

  /**
   * Returns the key that the connection has to prove for `identity`; null makes OpenSSL go on to the next
   * identity of the list.
   */
  keyFor(socket: TLSSocket, identity: string): Buffer | null {
    const key = this.#pskFor(identity);
    if (!key) return null;
    const shown = this.#shown.get(socket);
    // After a HelloRetryRequest, the second ClientHello has to offer the same identity as the first.
    this.#shown.set(socket, shown === undefined || shown === identity ? identity : null);
    return key;
  }

  /**
   * Returns the identity of a connection whose handshake is complete; undefined if the connection has proven
   * no key, or has shown more than one identity with a key.
   */
  of(socket: TLSSocket): string | undefined {
    return this.#shown.get(socket) ?? undefined;
  }
}
