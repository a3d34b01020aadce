import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Socket } from 'node:net';
import { expandLabel } from './key-schedule.ts';

export const RecordType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export interface TlsRecord {
  readonly type: number;
  readonly body: Buffer;
}

/** The keys of one direction of a connection, for AES-128-GCM. */
export class RecordKeys {
  readonly #key: Buffer;
  readonly #iv: Buffer;
  #sequence = 0;

  constructor(trafficSecret: Buffer) {
    this.#key = expandLabel(trafficSecret, 'key', Buffer.alloc(0), 16);
    this.#iv = expandLabel(trafficSecret, 'iv', Buffer.alloc(0), 12);
  }

  seal({ type, body }: TlsRecord): Buffer {
    const plain = Buffer.concat([body, Buffer.from([type])]);
    const header = headerOf(RecordType.applicationData, plain.length + 16);
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#nonce()).setAAD(header);
    return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  open(body: Buffer): TlsRecord {
    const header = headerOf(RecordType.applicationData, body.length);
    const decipher = createDecipheriv('aes-128-gcm', this.#key, this.#nonce()).setAAD(header);
    decipher.setAuthTag(body.subarray(-16));
    const plain = Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]);
    const end = plain.findLastIndex((byte) => byte !== 0);
    return { type: plain[end] ?? 0, body: plain.subarray(0, end) };
  }

  #nonce(): Buffer {
    const nonce = Buffer.from(this.#iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#sequence++) >>> 0, 8);
    return nonce;
  }
}

export function plainRecord(type: number, body: Buffer): Buffer {
  return Buffer.concat([headerOf(type, body.length), body]);
}

function headerOf(type: number, size: number): Buffer {
  return Buffer.from([type, 3, 3, size >> 8, size & 255]);
}

/** Yields the records that arrive, as they are on the wire, until the connection ends. */
export async function* recordsOf(socket: Socket): AsyncGenerator<TlsRecord> {
  let held = Buffer.alloc(0);
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 5 && held.length >= 5 + held.readUInt16BE(3)) {
      const end = 5 + held.readUInt16BE(3);
      yield { type: held[0] ?? 0, body: held.subarray(5, end) };
      held = held.subarray(end);
    }
  }
}
