import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { codeOf } from '../../control/control-error.ts';
import type { Filtering } from '../../protocol/offer.ts';

/** How long an answer to an unsolicited packet may take, ms; more than any round trip. */
const PATIENCE = 400;
/** How long the result for an address is remembered, ms, and the maximum number of remembered addresses. */
const MEMORY = 600_000;
const MAX_REMEMBERED = 4096;

/**
 * Finds out how NATs treat unsolicited packets, by one connection attempt per public address, to a port that
 * should be unused.
 */
export class FilterProbe {
  readonly #known = new Map<string, { readonly at: number; readonly filtering: Promise<Filtering> }>();

  /** Resolves to the filtering at `address`. Never rejects. */
  of(address: string): Promise<Filtering> {
    const known = this.#known.get(address);
    if (known && Date.now() - known.at < MEMORY) return known.filtering;
    this.#known.delete(address);
    const oldest = this.#known.keys().next();
    if (this.#known.size >= MAX_REMEMBERED && !oldest.done) this.#known.delete(oldest.value);
    const filtering = probe(address);
    this.#known.set(address, { at: Date.now(), filtering });
    return filtering;
  }
}

function probe(address: string): Promise<Filtering> {
  const { promise, resolve } = Promise.withResolvers<Filtering>();
  const socket = connect({ host: address, port: randomInt(20_000, 30_000) });
  const timer = setTimeout(() => resolve('silent'), PATIENCE);
  socket.once('connect', () => resolve('unknown'));
  socket.on('error', (error) => resolve(codeOf(error) === 'ECONNREFUSED' ? 'resetting' : 'unknown'));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
