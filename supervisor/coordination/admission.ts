import { formatIdentity, type Identity, newNonce, parseIdentity, pskOf, serviceKey } from '../control/psk.ts';
import type { Credentials } from './messages.ts';

export const LAUNCH_TTL = 120_000;

/** Who may open a control connection, and what is handed out for later connections. All keys follow from the project key. */
export class Admission {
  readonly #projectKey: Buffer;
  /** Nonces of launches that have been used -> when they expire and can be forgotten. In the order of use. */
  readonly #used = new Map<string, number>();

  constructor(projectKey: Buffer) {
    this.#projectKey = projectKey;
  }

  /** The key that a connection of this identity has to prove; null when nobody may come under it (any more). */
  pskFor(text: string): Buffer | null {
    const identity = parseIdentity(text);
    switch (identity?.kind) {
      case 'service':
        return pskOf(serviceKey(this.#projectKey, identity.service), text);
      case 'launch':
        if (this.#used.has(identity.nonce) || identity.expires < Date.now()) return null;
        return pskOf(this.#projectKey, text);
      case 'resume':
        return identity.expires < Date.now() ? null : pskOf(this.#projectKey, text);
      case 'admin':
        return pskOf(this.#projectKey, text);
      default:
        return null;
    }
  }

  /**
   * What an identity says, once its key has been proven; undefined for a launch that was used meanwhile. Needs no memory of what was
   * handed out, so a restarted seed goes on where the last one ended, except that it has forgotten the used launches.
   */
  redeem(text: string): Identity | undefined {
    const identity = parseIdentity(text);
    if (identity?.kind !== 'launch') return identity;
    const now = Date.now();
    for (const [nonce, expires] of this.#used) if (expires < now) this.#used.delete(nonce);
    if (this.#used.has(identity.nonce)) return undefined;
    this.#used.set(identity.nonce, identity.expires);
    return identity;
  }

  launch(nodeId: number): Credentials & { expires: number } {
    const expires = Date.now() + LAUNCH_TTL;
    return { ...this.#issue({ kind: 'launch', nodeId, expires, nonce: newNonce() }), expires };
  }

  /** `ttl` in ms. */
  resume(service: string, nodeId: number, ttl: number): Credentials & { expires: number } {
    const expires = Date.now() + ttl;
    return { ...this.#issue({ kind: 'resume', service, nodeId, expires, nonce: newNonce() }), expires };
  }

  #issue(identity: Identity): Credentials {
    const text = formatIdentity(identity);
    return { identity: text, key: pskOf(this.#projectKey, text).toString('hex') };
  }
}
