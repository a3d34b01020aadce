import { createLocalPorts } from '../network/punch/local-ports.ts';
import type { FunctionReport, ProbeEvent, ProbeLine } from '../published/probe.ts';
import { VERSION } from '../published/version.ts';
import type { Addon } from '../service/addon.ts';
import { measureNetwork } from './network.ts';
import { measurePeer } from './peer.ts';
import { readSandbox } from './sandbox.ts';
import { openSeedSide } from './seed-side.ts';

interface ProbeOptions {
  readonly addon: Addon;
  /** Which invocation of this process it is, from 1. */
  readonly invocation: number;
  /** ms from the start of the process until the event was there. */
  readonly started: number;
  readonly signal: AbortSignal;
  readonly write: (line: ProbeLine) => void;
}

/** Measures the place that this function runs in, and writes what it found. What cannot be measured is said in its place; never rejects. */
export async function runProbe(event: ProbeEvent, options: ProbeOptions): Promise<void> {
  const { addon, invocation, started: ms, signal, write } = options;
  write({ type: 'started', invocation, ms });
  if (event.part === 'start') return;
  const report: FunctionReport = {
    side: event.side,
    boxer: VERSION,
    started: { ms, invocation },
    sandbox: lookAround(addon),
    ...(await readNetwork(event, signal)),
  };
  write({ type: 'report', report });
}

/** A place without /tmp, say, is still one that others want to hear of. */
function lookAround(addon: Addon): FunctionReport['sandbox'] {
  try {
    return readSandbox(addon);
  } catch (error) {
    return messageOf(error);
  }
}

const messageOf = (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) });

async function readNetwork(
  { seed, side, trials, bytes }: ProbeEvent,
  signal: AbortSignal,
): Promise<Pick<FunctionReport, 'network' | 'peer'>> {
  if (!seed) return {};
  const opened = await openSeedSide(seed, side, signal).catch(messageOf);
  if ('error' in opened) return { network: { error: `the seed is not reached: ${opened.error}` } };
  try {
    const ports = createLocalPorts(() => false);
    const network = await measureNetwork(opened, ports, bytes, signal).catch(messageOf);
    if ('error' in network) return { network };
    const options = { seed: opened, side, own: network, ports, trials, bytes, signal };
    return { network, peer: await measurePeer(options).catch(messageOf) };
  } finally {
    void opened.session.close('the probe has ended');
  }
}
