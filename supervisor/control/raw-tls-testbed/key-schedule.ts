import { createHash, createHmac } from 'node:crypto';

/** The key schedule of RFC 8446, section 7.1, for SHA-256 and TLS_AES_128_GCM_SHA256. */

const HASH_SIZE = 32;
const ZEROS = Buffer.alloc(HASH_SIZE);

export const sha256 = (...parts: Buffer[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

export const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest();

/** Implements HKDF-Expand-Label for at most one block of output. */
export function expandLabel(secret: Buffer, label: string, context: Buffer, size: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = [Buffer.from([0, size, name.length]), name, Buffer.from([context.length]), context];
  return hmac(secret, Buffer.concat([...info, Buffer.from([1])])).subarray(0, size);
}

const deriveSecret = (secret: Buffer, label: string, transcript: Buffer) =>
  expandLabel(secret, label, sha256(transcript), HASH_SIZE);

const nextStage = (secret: Buffer, input: Buffer) =>
  hmac(deriveSecret(secret, 'derived', Buffer.alloc(0)), input);

const earlySecret = (psk: Buffer) => hmac(ZEROS, psk);

/**
 * Returns the binder, which proves that the sender of `transcript` knows `psk`. `transcript` ends before the
 * binders of the ClientHello.
 */
export function binderOf(psk: Buffer, kind: 'external' | 'resumption', transcript: Buffer): Buffer {
  const label = kind === 'external' ? 'ext binder' : 'res binder';
  return finishedOf(deriveSecret(earlySecret(psk), label, Buffer.alloc(0)), transcript);
}

/** Returns the body of a Finished message after `transcript`. */
export function finishedOf(trafficSecret: Buffer, transcript: Buffer): Buffer {
  return hmac(expandLabel(trafficSecret, 'finished', Buffer.alloc(0), HASH_SIZE), sha256(transcript));
}

export interface TrafficSecrets {
  readonly client: Buffer;
  readonly server: Buffer;
}

export class KeySchedule {
  readonly #handshake: Buffer;
  readonly #master: Buffer;

  constructor(psk: Buffer, shared: Buffer) {
    this.#handshake = nextStage(earlySecret(psk), shared);
    this.#master = nextStage(this.#handshake, ZEROS);
  }

  /** `transcript` ends with the ServerHello. */
  handshakeSecrets(transcript: Buffer): TrafficSecrets {
    return {
      client: deriveSecret(this.#handshake, 'c hs traffic', transcript),
      server: deriveSecret(this.#handshake, 's hs traffic', transcript),
    };
  }

  /** `transcript` ends with the server's Finished. */
  applicationSecrets(transcript: Buffer): TrafficSecrets {
    return {
      client: deriveSecret(this.#master, 'c ap traffic', transcript),
      server: deriveSecret(this.#master, 's ap traffic', transcript),
    };
  }

  /** Returns the key of a session ticket. `transcript` ends with the client's Finished. */
  ticketKey(transcript: Buffer, nonce: Buffer): Buffer {
    return expandLabel(deriveSecret(this.#master, 'res master', transcript), 'resumption', nonce, HASH_SIZE);
  }
}
