import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { codeOf } from '../../control/control-error.ts';
import type { Directory } from '../directory.ts';
import type { NameIndex } from '../name-index.ts';
import { type Found, gatewayFor, nodesFor, reverseFor } from './records.ts';
import { askUpstream } from './upstream.ts';

/** Response codes (RFC 1035, 4.1.1). */
const Rcode = { ok: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4 } as const;

export interface ResponderContext {
  readonly directory: Directory;
  readonly index: NameIndex;
  /** Servers that resolve names outside the project. */
  readonly upstream: readonly string[];
  readonly signal: AbortSignal;
}

/** Size of a header in bytes. A shorter message cannot be answered. */
const HEADER_SIZE = 12;

function parse(query: Buffer): Packet | undefined {
  try {
    return decode(query);
  } catch {
    return undefined;
  }
}

function reply(query: Packet, rcode: number, found: Found = { answers: [], additionals: [] }): Buffer {
  const flags = ((query.flags ?? 0) & 0x0100) | AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | rcode;
  return encode({
    type: 'response',
    id: query.id,
    flags,
    questions: query.questions ?? [],
    answers: [...found.answers],
    additionals: [...found.additionals],
  });
}

async function answerTo(query: Packet, context: ResponderContext, turn: number): Promise<Buffer | undefined> {
  const [question, ...more] = query.questions ?? [];
  if (!question || more.length > 0) return reply(query, Rcode.formatError);
  const { directory, index } = context;
  const found =
    nodesFor(index, question, turn) ??
    (await reverseFor(directory, index, question)) ??
    (await gatewayFor(directory, question));
  return found && reply(query, Rcode.ok, found);
}

/**
 * Returns a function that answers one DNS message: from the membership, from the seed for unboxed services,
 * and from the host's own servers for all other names. Its result is undefined for a message that is not a
 * query. It never rejects.
 */
export function createResponder(context: ResponderContext): (query: Buffer) => Promise<Buffer | undefined> {
  let turn = 0;
  return async (bytes) => {
    if (bytes.length < HEADER_SIZE) return undefined;
    const query = parse(bytes);
    if (!query) return encode({ type: 'response', id: bytes.readUInt16BE(0), flags: Rcode.formatError });
    if (query.type !== 'query') return undefined;
    try {
      const own = await answerTo(query, context, turn++);
      if (own) return own;
      const theirs = await askUpstream(context.upstream, bytes, context.signal);
      return theirs ?? reply(query, Rcode.serverFailure);
    } catch (error) {
      return reply(query, codeOf(error) === 'ENOENT' ? Rcode.noSuchName : Rcode.serverFailure);
    }
  };
}

/**
 * Returns the truncated form of an answer that is too long for a datagram, so that the resolver asks again
 * over TCP.
 */
export function truncated(answer: Buffer): Buffer {
  const { id = 0, questions = [], flags = 0 } = decode(answer);
  return encode({ type: 'response', id, flags: flags | TRUNCATED_RESPONSE, questions });
}
