import { deflateRawSync } from 'node:zlib';
import { ControlError } from '../../supervisor/control/control-error.ts';
import { deflated, inflated } from '../../supervisor/control/deflated.ts';
import { encodeFrame, type Frame, FrameDecoder, MAX_BODY } from '../../supervisor/control/frame.ts';
import { formatIdentity, parseIdentity } from '../../supervisor/control/psk.ts';
import { launchEvent, launchReport } from '../../supervisor/protocol/launch-event.ts';
import { MESSAGES } from '../../supervisor/protocol/messages.ts';
import { hashName } from '../../supervisor/service/shared-table.ts';
import {
  encodeReply,
  NAME_MAX,
  Operation,
  parseRequest,
  REQUEST_SIZE,
  WIRE_MAGIC,
} from '../../supervisor/service/wire.ts';

/** A reader of bytes that others have written. */
export interface Target {
  /** Reads the input. Throws if the reader has a fault; a reader that refuses an input has none. */
  run(input: Buffer): void;
  /** The inputs from which the exploration begins. */
  readonly examples: readonly Buffer[];
  /** Pieces of which inputs of this kind are made. */
  readonly words: readonly string[];
}

const nonce = 'a1'.repeat(16);
const endpoint = { address: '10.0.0.1', port: 80 };
const parsers = MESSAGES.flatMap((message) =>
  'parse' in message
    ? [{ name: message.name, parse: message.parse }]
    : [
        { name: message.name, parse: message.parseRequest },
        { name: `the reply to ${message.name}`, parse: message.parseReply },
      ],
);
const offer = {
  nat: 'none',
  filtering: 'silent',
  publicAddress: '1.2.3.4',
  privateAddress: '10.0.0.1',
  port: { local: 1, public: 2 },
  privatePort: 3,
  inboundPorts: [{ local: 4, public: 5 }],
};
const bodies: readonly object[] = [
  { version: 2, oldest: 1, capabilities: ['relay'] },
  { project: 'shop', overlay: '198.18.0.0/15', capabilities: [], observers: [1] },
  {
    role: 'container',
    service: 'web',
    networks: { front: ['web'] },
    hostname: 'h',
    container: 'c',
    local: endpoint,
    via: '1.1.1.1',
  },
  { nodeId: 1, address: '198.18.0.1', observed: endpoint, resume: { identity: 'x', key: 'ab' } },
  {
    epoch: 1,
    snapshot: true,
    nodes: [
      { id: 1, address: '198.18.0.1', names: ['web'], ports: [80], underlay: '', direct: true, state: 'up' },
    ],
    removed: [2],
    seed: 's',
    gateways: { names: ['redis'] },
  },
  {
    name: 'redis',
    names: ['a'],
    addresses: ['198.19.0.1'],
    ports: [80],
    address: '198.18.0.1',
    port: 80,
    origin: '1.1.1.1',
  },
  { port: 80, relay: endpoint, token: nonce, peer: endpoint, origin: endpoint },
  { nodeId: 1, identity: 'launch', key: 'ab', expires: 1 },
  { to: '198.18.0.1', offer, nodeId: 1, address: '198.18.0.2', identity: 'peer', key: 'ab'.repeat(32) },
  {
    id: nonce,
    to: '198.18.0.1',
    port: 80,
    at: 81,
    from: endpoint,
    peer: endpoint,
    underWay: true,
    nat: 'none',
  },
  { pair: nonce, side: 'a', step: 'plain-0', value: endpoint, observed: endpoint, filtering: 'silent' },
];

const json = (input: Buffer): unknown => {
  try {
    return JSON.parse(input.toString());
  } catch {
    return undefined;
  }
};

/** Decodes frames from pieces of `step` bytes. Returns undefined if the decoder refuses them. */
function framesOf(bytes: Buffer, step: number): Frame[] | undefined {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  try {
    for (let at = 0; at < bytes.length; at += step)
      for (const frame of decoder.push(bytes.subarray(at, at + step)))
        frames.push({ ...frame, body: Buffer.from(frame.body) });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return frames;
}

/** Encodes a request of the process monitor; see shim-c/service-wire.h. */
function requestBytes(operation: number, name: string): Buffer {
  const bytes = Buffer.alloc(REQUEST_SIZE);
  bytes.writeUInt32LE(WIRE_MAGIC, 0);
  bytes.writeUInt16LE(operation, 4);
  bytes.writeUInt16LE(2, 6);
  bytes.set([198, 18, 0, 1, 80, 0], 24);
  bytes.set([198, 18, 0, 2, 144, 31], 32);
  bytes.write(name, 40);
  return bytes;
}

const jsonWords = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  'null',
  'true',
  '-1',
  '1e99',
  '"__proto__"',
  '"constructor"',
];
const keys = [...new Set(bodies.flatMap((body) => Object.keys(body)))].map((key) => `"${key}":`);

export const targets: Readonly<Record<string, Target>> = {
  frames: {
    run(input) {
      const whole = framesOf(input, Math.max(1, input.length));
      const pieces = framesOf(input, 1 + ((input[0] ?? 0) % 13));
      if (whole === undefined || pieces === undefined) {
        if (whole !== pieces) throw new Error('refused either in one piece or in several, but not in both');
        return;
      }
      const again = Buffer.concat(whole.map(encodeFrame));
      if (!again.equals(Buffer.concat(pieces.map(encodeFrame))))
        throw new Error('the frames depend on the size of the pieces');
      if (!input.subarray(0, again.length).equals(again))
        throw new Error('the encoded frames differ from the input');
    },
    examples: [
      encodeFrame({ type: 1, flags: 0, id: 1, body: Buffer.from('{"version":1}') }),
      Buffer.concat(
        [0, 32, 255].map((type) => encodeFrame({ type, flags: 3, id: type, body: Buffer.alloc(type) })),
      ),
    ],
    words: ['\0\0\0\x08', '\0\x10\0\0', '\0\x10\0\x01', '\x01\x01'],
  },
  requests: {
    run(input) {
      const request = parseRequest(input);
      const valid = input.length === REQUEST_SIZE && input.readUInt32LE(0) === WIRE_MAGIC;
      if ((request !== undefined) !== valid)
        throw new Error('a valid request was refused, or an invalid one accepted');
      if (!request) return;
      hashName(request.name);
      // A reply with the same fields must repeat the bytes of the request, at the offsets of a reply.
      const { operation, local, peer, name } = request;
      const reply = encodeReply(operation, { local, peer, name });
      const same =
        reply.subarray(4, 6).equals(input.subarray(4, 6)) &&
        reply.subarray(16, 22).equals(input.subarray(24, 30)) &&
        reply.subarray(24, 30).equals(input.subarray(32, 38)) &&
        reply.toString('latin1', 96, 96 + name.length).startsWith(name.slice(0, NAME_MAX - 1));
      if (!same || name.includes('\0')) throw new Error('the fields differ from the bytes of the request');
    },
    examples: Object.values(Operation).map((operation) => requestBytes(operation, `name-${operation}.`)),
    words: ['BXR1', 'BXR2', '\0', '\xff\xff', '127.0.0.1', 'x'.repeat(NAME_MAX)],
  },
  deflated: {
    run(input) {
      const frame = { type: 3, flags: 0, id: 0, body: input };
      let body: Buffer;
      try {
        body = inflated(frame);
      } catch (error) {
        // An error with a code is zlib's, which refuses invalid input.
        if (error instanceof Error && 'code' in error) return;
        throw error;
      }
      if (body.length > MAX_BODY) throw new Error('the body is larger than a frame allows');
      const packed = deflated({ ...frame, body });
      if (!(packed.body === body ? body : inflated(packed)).equals(body))
        throw new Error('the body changes when it is deflated and inflated');
    },
    examples: [
      deflated({ type: 3, flags: 0, id: 0, body: Buffer.from(JSON.stringify(bodies)) }).body,
      deflateRawSync(Buffer.alloc(2 * MAX_BODY)),
      deflateRawSync(Buffer.from('short')),
    ],
    words: ['\0\0\xff\xff', '\x01', '\x03\0', '\xff\xff'],
  },
  identities: {
    run(input) {
      const text = input.toString('latin1');
      const identity = parseIdentity(text);
      if (identity && formatIdentity(identity) !== text)
        throw new Error('the identity has a second spelling');
    },
    examples: [
      `service/web/${nonce}`,
      `launch/web/1/17/${nonce}`,
      `resume/function/web/1/17/${nonce}`,
      `admin/${nonce}`,
      `session/${nonce}`,
    ].map((text) => Buffer.from(text)),
    words: ['/', 'service/', 'launch/', 'resume/', 'container/', nonce, '..', '%2f', '\0'],
  },
  messages: {
    run(input) {
      const body = json(input);
      for (const { name, parse } of parsers) {
        try {
          parse(body);
        } catch (error) {
          if (!(error instanceof ControlError) || error.errno !== 'EINVAL')
            throw new Error(`${name}: ${error}`);
        }
      }
      if (Reflect.get({}, 'polluted') !== undefined)
        throw new Error('the prototype of all objects was changed');
    },
    examples: bodies.map((body) => Buffer.from(JSON.stringify(body))),
    words: [...jsonWords, ...keys],
  },
  events: {
    run(input) {
      const body = json(input);
      launchEvent.safeParse(body);
      launchReport.safeParse(body);
    },
    examples: [
      {
        boxer: 1,
        seed: { ...endpoint, identity: 'x', key: 'y' },
        session: { addresses: ['1.1.1.1'], port: 1, identity: 'x', key: 'y' },
        service: 'web',
        hostname: 'h',
        argv: ['a'],
        environment: { A: 'b' },
        workingDirectory: '/',
        remap: {},
        mounts: [],
        files: [{ path: '/a', mode: 420, content: '' }],
      },
      { type: 'exit', code: 0, signal: null },
      { type: 'failed', code: 'X', message: 'm', exitCode: 1 },
    ].map((body) => Buffer.from(JSON.stringify(body))),
    words: [...jsonWords, '"files":', '"argv":', '"session":', '"type":'],
  },
};
