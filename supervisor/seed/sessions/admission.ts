import {
  formatIdentity,
  type Identity,
  newNonce,
  parseIdentity,
  pskOf,
  type Role,
  serviceKey,
} from '../../control/psk.ts';
import type { Credentials } from '../../protocol/join.ts';

export const LAUNCH_TTL = 120_000;

/**
 * The label under which the keys of launches and returns are derived. A new label invalidates all such keys
 * that were handed out before. All seeds of a project need the same label.
 */
const HANDED_OUT = 'boxer handed out 2';

/**
 * Decides which identities may open a control connection, and issues credentials for later connections. All
 * keys are derived from the project key, so the seed need not remember which ones it has handed out. Whether
 * a launch has been used is checked when its function joins (see `Launches`).
 */
export class Admission {
  readonly #projectKey: Buffer;
  /** The key from which the keys of launches and returns are derived; only seeds have it. */
  readonly #handedOut: Buffer;

  constructor(projectKey: Buffer) {
    this.#projectKey = projectKey;
    this.#handedOut = pskOf(projectKey, HANDED_OUT);
  }

  /**
   * Returns the key that a connection with this identity has to prove; null if the identity is refused or has
   * expired.
   */
  pskFor(text: string): Buffer | null {
    const identity = parseIdentity(text);
    switch (identity?.kind) {
      case 'service':
        return pskOf(serviceKey(this.#projectKey, identity.service), text);
      case 'launch':
      case 'resume':
        return isExpired(identity) ? null : pskOf(this.#handedOut, text);
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

  /** Issues credentials for a return, valid for `ttl` ms. */
  resume(role: Role, service: string, nodeId: number, ttl: number): Credentials & { expires: number } {
    const expires = Date.now() + ttl;
    return { ...this.#issue({ kind: 'resume', role, service, nodeId, expires, nonce: newNonce() }), expires };
  }

  #issue(identity: Identity): Credentials {
    const text = formatIdentity(identity);
    return { identity: text, key: pskOf(this.#handedOut, text).toString('hex') };
  }
}

/** Whether this identity may no longer open a connection or join. */
export function isExpired(identity: Identity): boolean {
  return 'expires' in identity && identity.expires < Date.now();
}
