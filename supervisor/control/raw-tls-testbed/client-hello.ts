import { randomBytes } from 'node:crypto';
import { binderOf } from './key-schedule.ts';

/** An entry of the pre_shared_key extension. */
export interface PskOffer {
  readonly identity: Buffer;
  /** The key of the binder; also the key of the handshake if the server takes this entry. */
  readonly key: Buffer;
  readonly kind: 'external' | 'resumption';
  /** The obfuscated ticket age (RFC 8446, 4.2.11), ms. */
  readonly age?: number;
}

const BINDER_SIZE = 32;
const GROUP_X25519 = 0x001d;

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const short = (body: Buffer) => Buffer.concat([Buffer.from([body.length]), body]);
const long = (body: Buffer) => Buffer.concat([u16(body.length), body]);
const extension = (type: number, body: Buffer) => Buffer.concat([u16(type), long(body)]);

/** Returns a handshake message with its header. */
export function handshakeMessage(type: number, body: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([type, body.length >> 16, (body.length >> 8) & 255, body.length & 255]),
    body,
  ]);
}

/**
 * Returns a ClientHello with `offers` in this order, each with a binder of its own key. A ClientHello without
 * `share` asks for a HelloRetryRequest. `before` is the transcript so far; it is empty for the first
 * ClientHello.
 */
export function clientHello(offers: readonly PskOffer[], share: Buffer | undefined, before: Buffer): Buffer {
  const shares = share ? Buffer.concat([u16(GROUP_X25519), long(share)]) : Buffer.alloc(0);
  const identities = offers.map(({ identity, age = 0 }) => Buffer.concat([long(identity), u32(age)]));
  const bindersSize = 2 + offers.length * (1 + BINDER_SIZE);
  const binders = (proofs: readonly Buffer[]) => long(Buffer.concat(proofs.map(short)));
  const extensions = (proofs: readonly Buffer[]) =>
    Buffer.concat([
      extension(43, short(u16(0x0304))), // supported_versions: TLS 1.3
      extension(10, long(u16(GROUP_X25519))), // supported_groups
      extension(13, long(u16(0x0403))), // signature_algorithms
      extension(51, long(shares)), // key_share
      extension(45, Buffer.from([1, 1])), // psk_key_exchange_modes: psk_dhe_ke
      extension(41, Buffer.concat([long(Buffer.concat(identities)), binders(proofs)])), // pre_shared_key
    ]);
  const random = randomBytes(32);
  const hello = (proofs: readonly Buffer[]) =>
    handshakeMessage(
      1,
      Buffer.concat([
        u16(0x0303),
        random,
        short(Buffer.alloc(0)),
        long(u16(0x1301)), // TLS_AES_128_GCM_SHA256
        short(Buffer.alloc(1)),
        long(extensions(proofs)),
      ]),
    );
  const unproven = hello(offers.map(() => Buffer.alloc(BINDER_SIZE))).subarray(0, -bindersSize);
  const transcript = Buffer.concat([before, unproven]);
  return hello(offers.map(({ key, kind }) => binderOf(key, kind, transcript)));
}
