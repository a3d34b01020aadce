import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { clientHello, handshakeMessage, type PskOffer } from './client-hello.ts';
import { finishedOf, KeySchedule, sha256 } from './key-schedule.ts';
import { plainRecord, RecordKeys, RecordType, recordsOf, type TlsRecord } from './records.ts';

const Handshake = { serverHello: 2, newSessionTicket: 4, finished: 20, messageHash: 254 } as const;
const RETRY_RANDOM = sha256(Buffer.from('HelloRetryRequest'));
/** The DER prefix of the 32 bytes of an X25519 key. */
const X25519_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

export interface RawTlsOptions {
  readonly port: number;
  readonly offers: readonly PskOffer[];
  /** If set, the first ClientHello has no key share, and the second one offers these keys. */
  readonly afterRetry?: readonly PskOffer[] | undefined;
}

/**
 * For tests: a TLS 1.3 client that offers any list of pre-shared keys, which neither node:tls nor OpenSSL's
 * command line can do. It implements only the part of RFC 8446 that a handshake with one of the keys needs.
 */
export class RawTlsClient {
  readonly #socket: Socket;
  readonly #records: AsyncGenerator<TlsRecord>;
  #transcript = Buffer.alloc(0);
  #receiving: RecordKeys | undefined;
  #sending: RecordKeys | undefined;
  #held = Buffer.alloc(0);
  #schedule: KeySchedule | undefined;
  /** The index in the list of the key that the server took; -1 before the ServerHello. */
  selected = -1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#records = recordsOf(socket);
  }

  /** Rejects if the server does not complete the handshake. */
  static async connect({ port, offers, afterRetry }: RawTlsOptions): Promise<RawTlsClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new RawTlsClient(socket);
    try {
      await client.#handshake(offers, afterRetry);
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  write(body: Buffer): void {
    if (this.#sending) this.#socket.write(this.#sending.seal({ type: RecordType.applicationData, body }));
  }

  /** Returns the next session ticket, ready to be offered. Rejects if the connection ends before. */
  async ticket(): Promise<PskOffer> {
    for (;;) {
      const message = await this.#message();
      if (message[0] !== Handshake.newSessionTicket || !this.#schedule) continue;
      const body = message.subarray(4);
      const nonceEnd = 9 + (body[8] ?? 0);
      const identity = body.subarray(nonceEnd + 2, nonceEnd + 2 + body.readUInt16BE(nonceEnd));
      const key = this.#schedule.ticketKey(this.#transcript, body.subarray(9, nonceEnd));
      return { identity, key, kind: 'resumption', age: (body.readUInt32BE(4) + 10) >>> 0 };
    }
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    try {
      for (;;) await this.#next();
    } catch {
      this.close();
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  async #handshake(offers: readonly PskOffer[], afterRetry: readonly PskOffer[] | undefined): Promise<void> {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const share = publicKey.export({ type: 'spki', format: 'der' }).subarray(X25519_PREFIX.length);
    this.#hello(offers, afterRetry ? undefined : share);
    let answer = await this.#message();
    let offered = offers;
    if (afterRetry && answer.subarray(6, 38).equals(RETRY_RANDOM)) {
      const [first, retry] = [this.#transcript.subarray(0, -answer.length), answer];
      this.#transcript = Buffer.concat([handshakeMessage(Handshake.messageHash, sha256(first)), retry]);
      this.#hello(afterRetry, share);
      answer = await this.#message();
      offered = afterRetry;
    }
    const { peer, selected } = parseServerHello(answer);
    this.selected = selected;
    const psk = offered[selected]?.key;
    if (!psk) throw new Error('the server took no key');
    await this.#finish(new KeySchedule(psk, diffieHellman({ privateKey, publicKey: peer })));
  }

  #hello(offers: readonly PskOffer[], share: Buffer | undefined): void {
    const hello = clientHello(offers, share, this.#transcript);
    this.#transcript = Buffer.concat([this.#transcript, hello]);
    this.#socket.write(plainRecord(RecordType.handshake, hello));
  }

  async #finish(schedule: KeySchedule): Promise<void> {
    const secrets = schedule.handshakeSecrets(this.#transcript);
    this.#receiving = new RecordKeys(secrets.server);
    for (let before = this.#transcript; ; before = this.#transcript) {
      const message = await this.#message();
      if (message[0] !== Handshake.finished) continue;
      // A peer that sends another Finished does not know the key.
      if (!message.subarray(4).equals(finishedOf(secrets.server, before)))
        throw new Error('a wrong Finished');
      break;
    }
    const application = schedule.applicationSecrets(this.#transcript);
    this.#receiving = new RecordKeys(application.server);
    const body = handshakeMessage(Handshake.finished, finishedOf(secrets.client, this.#transcript));
    this.#socket.write(new RecordKeys(secrets.client).seal({ type: RecordType.handshake, body }));
    this.#transcript = Buffer.concat([this.#transcript, body]);
    this.#sending = new RecordKeys(application.client);
    this.#schedule = schedule;
  }

  /**
   * Returns the next handshake message with its header. Until the handshake is complete, the message becomes
   * part of the transcript.
   */
  async #message(): Promise<Buffer> {
    while (this.#held.length < 4 || this.#held.length < 4 + this.#held.readUIntBE(1, 3)) {
      const { type, body } = await this.#next();
      if (type === RecordType.handshake) this.#held = Buffer.concat([this.#held, body]);
    }
    const size = 4 + this.#held.readUIntBE(1, 3);
    const message = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    if (!this.#schedule) this.#transcript = Buffer.concat([this.#transcript, message]);
    return message;
  }

  async #next(): Promise<TlsRecord> {
    const { done, value } = await this.#records.next();
    if (done) throw new Error('the server ended the connection');
    const isSealed = this.#receiving && value.type === RecordType.applicationData;
    const record = isSealed && this.#receiving ? this.#receiving.open(value.body) : value;
    if (record.type === RecordType.alert) throw new Error(`alert ${record.body[1]}`);
    return record;
  }
}

function parseServerHello(message: Buffer): { peer: KeyObject; selected: number } {
  let at = 4 + 2 + 32;
  at += 1 + (message[at] ?? 0) + 2 + 1 + 2;
  let peer: KeyObject | undefined;
  let selected = -1;
  while (at < message.length) {
    const [type, size] = [message.readUInt16BE(at), message.readUInt16BE(at + 2)];
    const body = message.subarray(at + 4, at + 4 + size);
    if (type === 51 && body.length === 36)
      peer = createPublicKey({
        key: Buffer.concat([X25519_PREFIX, body.subarray(4)]),
        format: 'der',
        type: 'spki',
      });
    if (type === 41) selected = body.readUInt16BE(0);
    at += 4 + size;
  }
  if (!peer) throw new Error('a ServerHello without a key share');
  return { peer, selected };
}
