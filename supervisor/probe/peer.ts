import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { dialUnread } from '../network/dial.ts';
import type { LocalPorts } from '../network/punch/local-ports.ts';
import { observe } from '../network/punch/observe.ts';
import { openTogether } from '../network/punch/open-together.ts';
import type { Network, PeerReport, Throughput, Times, Trial } from '../published/probe.ts';
import { failureName, listenHere } from './network.ts';
import type { SeedSide } from './seed-side.ts';
import { measureUpload, swallow } from './throughput.ts';
import { timesOf } from './times.ts';

/** How long one punch may take, ms. */
const PUNCH_PATIENCE = 3000;
const DIRECT_PATIENCE = 1000;
/**
 * The fixed pause between packets that are reset, ms. Boxer itself waits for random times; see openTogether.
 */
const PLAIN_PAUSE = 100;
const ROUND_TRIPS = 20;
const UPLOAD_PATIENCE = 30_000;

const endpoint = z.object({ address: z.string(), port: z.number() });
const place = z.object({
  observed: z.string(),
  local: z.string(),
  nat: z.string(),
  direct: z.optional(endpoint),
});

interface PeerOptions {
  readonly seed: SeedSide;
  readonly side: 'a' | 'b';
  readonly own: Network;
  readonly ports: LocalPorts;
  readonly trials: number;
  readonly bytes: number;
  readonly signal: AbortSignal;
}

/**
 * Measures how this function and the other function reach each other. Rejects when the other function or the
 * seed disappears.
 */
export async function measurePeer(options: PeerOptions): Promise<PeerReport> {
  const { seed, side, own, signal, trials } = options;
  const here = { observed: own.observed.address, local: own.localAddress, nat: own.nat };
  const { direct, other } = await tryDirect(options, here);
  // If the ports are not predictable, further attempts do not help.
  const predictable = [own.nat, other.nat].every((nat) => nat !== 'symmetric' && nat !== 'unknown');
  const plain: Trial[] = [];
  const jittered: Trial[] = [];
  let last: Socket | undefined;
  try {
    for (let count = 0; count < (predictable ? trials : 1); count += 1) {
      const first = await punch(options, `plain-${count}`, openPlainly);
      first.socket?.destroy();
      plain.push(first.trial);
      const second = await punch(options, `jittered-${count}`, openJittered);
      jittered.push(second.trial);
      last?.destroy();
      last = second.socket ?? undefined;
    }
    const theirs = await seed.exchange('punched', { connected: last !== undefined });
    const measured =
      last && z.object({ connected: z.literal(true) }).safeParse(theirs).success
        ? await measureConnection(last, side, options.bytes, signal)
        : {};
    return {
      sameObserved: other.observed === here.observed,
      sameLocal: other.local === here.local,
      direct,
      punch: { plain, jittered },
      ...measured,
    };
  } finally {
    last?.destroy();
  }
}

/**
 * Side a listens, and side b connects to a's local address. This succeeds only if both functions are on the
 * same network.
 */
async function tryDirect(
  { seed, side, signal }: PeerOptions,
  here: z.infer<typeof place>,
): Promise<{ direct: string; other: z.infer<typeof place> }> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(DIRECT_PATIENCE)]);
  const listening = side === 'a' ? await listenHere(signal) : undefined;
  try {
    const mine = {
      ...here,
      ...(listening ? { direct: { address: here.local, port: listening.port } } : {}),
    };
    const other = place.parse(await seed.exchange('place', mine));
    const direct = other.direct ? await connects(other.direct, limit) : 'listened';
    await seed.exchange('direct', {});
    return { direct, other };
  } finally {
    listening?.close();
  }
}

async function connects({ address, port }: z.infer<typeof endpoint>, signal: AbortSignal): Promise<string> {
  try {
    (await dialUnread({ host: address, port }, signal)).destroy();
    return 'ok';
  } catch (error) {
    return failureName(error);
  }
}

type Open = (
  to: z.infer<typeof endpoint>,
  local: number,
  signal: AbortSignal,
  onRetry: () => void,
) => Promise<Socket>;

const openJittered: Open = (to, local, signal, onRetry) =>
  openTogether(
    () => dialUnread({ host: to.address, port: to.port, localPort: local }, signal),
    signal,
    onRetry,
  );

/** Punches with fixed pauses, as a simple program would. */
const openPlainly: Open = async (to, local, signal, onRetry) => {
  for (;;) {
    try {
      return await dialUnread({ host: to.address, port: to.port, localPort: local, family: 4 }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!/^(ECONNREFUSED|ECONNRESET)$/.test(failureName(error))) throw error;
      onRetry();
      await delay(PLAIN_PAUSE, undefined, { signal });
    }
  }
};

/**
 * Makes one attempt: both sides exchange a public port, then open the connection at the same time. The caller
 * owns the socket.
 */
async function punch(
  { seed, own, ports, signal }: PeerOptions,
  step: string,
  open: Open,
): Promise<{ trial: Trial; socket?: Socket }> {
  const local = ports.next();
  const limit = () => AbortSignal.any([signal, AbortSignal.timeout(PUNCH_PATIENCE)]);
  // Behind a NAT that changes ports, the connection to the observer has to stay open as long as the port is
  // needed.
  const [observer] = seed.observers;
  const kept = own.nat === 'preserving' || own.nat === 'none' ? undefined : observer;
  const held = kept && (await observe(kept, local, limit()).catch(() => undefined));
  try {
    const mine = { address: own.observed.address, port: held?.seen.port ?? local };
    const to = endpoint.parse(await seed.exchange(step, mine));
    const started = performance.now();
    let retries = 0;
    const ended = (rest: Pick<Trial, 'ok' | 'error'>): Trial => ({
      ...rest,
      ms: Math.round((performance.now() - started) * 10) / 10,
      retries,
    });
    const result = await open(to, local, limit(), () => {
      retries += 1;
    }).then(
      (socket) => ({ trial: ended({ ok: true }), socket }),
      (error: unknown) => ({ trial: ended({ ok: false, error: failureName(error) }) }),
    );
    if ('socket' in result) result.socket.on('error', () => undefined);
    return result;
  } finally {
    held?.socket.destroy();
  }
}

/**
 * Measures round trips and throughput from side a to side b. Each side calls this function with its end of
 * the same connection.
 */
async function measureConnection(
  socket: Socket,
  side: 'a' | 'b',
  bytes: number,
  signal: AbortSignal,
): Promise<{ roundTrip?: Times; throughput?: Throughput }> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_PATIENCE)]);
  socket.setNoDelay(true);
  if (side === 'b') {
    for (let count = 0; count < ROUND_TRIPS; count += 1) socket.write(await readByte(socket, limit));
    await swallow(socket, limit);
    return {};
  }
  const measured: number[] = [];
  for (let count = 0; count < ROUND_TRIPS; count += 1) {
    const started = performance.now();
    socket.write('.');
    await readByte(socket, limit);
    measured.push(performance.now() - started);
  }
  return { roundTrip: timesOf(measured), throughput: await measureUpload(socket, bytes, limit) };
}

/** Reads one byte. The bytes after it stay in the socket. */
async function readByte(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    const byte: unknown = socket.read(1);
    if (Buffer.isBuffer(byte)) return byte;
    await once(socket, 'readable', { signal });
    if (socket.readableEnded) throw new Error('the connection was cut');
  }
}
