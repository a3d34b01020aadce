import {
  formatIdentity,
  type Identity,
  newNonce,
  parseIdentity,
  pskOf,
  type Role,
  serviceKey,
} from '../control/psk.ts';
import type { Credentials } from './messages.ts';

export const LAUNCH_TTL = 120_000;

/**
 * Who may open a control connection, and what is handed out for later connections. All keys follow from the project key, so no memory is
 * needed of what was handed out. Whether a launch has been used is asked when it joins (see `Launches`).
 */
export class Admission {
  readonly #projectKey: Buffer;

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
      case 'resume':
        return identity.expires < Date.now() ? null : pskOf(this.#projectKey, text);
      case 'admin':
        return pskOf(this.#projectKey, text);
      default:
        return null;
    }
  }

  launch(service: string, nodeId: number): Credentials & { expires: number } {
    const expires = Date.now() + LAUNCH_TTL;
    return { ...this.#issue({ kind: 'launch', service, nodeId, expires, nonce: newNonce() }), expires };
  }

  /** `ttl` in ms. */
  resume(role: Role, service: string, nodeId: number, ttl: number): Credentials & { expires: number } {
    const expires = Date.now() + ttl;
    return { ...this.#issue({ kind: 'resume', role, service, nodeId, expires, nonce: newNonce() }), expires };
  }

  #issue(identity: Identity): Credentials {
    const text = formatIdentity(identity);
    return { identity: text, key: pskOf(this.#projectKey, text).toString('hex') };
  }
}
