import { createLocalPorts } from '../network/punch/local-ports.ts';
import { messageOf } from '../published/message-of.ts';
import type { FunctionReport, ProbeEvent, ProbeLine } from '../published/probe.ts';
import { VERSION } from '../published/version.ts';
import type { Addon } from '../service/addon.ts';
import { measureNetwork } from './network.ts';
import { measurePeer } from './peer.ts';
import { readSandbox } from './sandbox.ts';
import { openSeedSide } from './seed-side.ts';

interface ProbeOptions {
  readonly addon: Addon;
  /** The number of the invocation in this process, from 1. */
  readonly invocation: number;
  /** The time from the start of the process to the arrival of the event, in ms. */
  readonly started: number;
  readonly signal: AbortSignal;
  readonly write: (line: ProbeLine) => void;
}

/**
 * Measures the environment in which this function runs, and writes the results. A part that cannot be
 * measured is reported as an error. Never rejects.
 */
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

/**
 * Examines the sandbox. An error, for example because there is no /tmp, becomes part of the report, as the
 * other results are still of interest.
 */
function lookAround(addon: Addon): FunctionReport['sandbox'] {
  try {
    return readSandbox(addon);
  } catch (error) {
    return failure(error);
  }
}

const failure = (error: unknown) => ({ error: messageOf(error) });

async function readNetwork(
  { seed, side, trials, bytes }: ProbeEvent,
  signal: AbortSignal,
): Promise<Pick<FunctionReport, 'network' | 'peer'>> {
  if (!seed) return {};
  const opened = await openSeedSide(seed, side, signal).catch(failure);
  if ('error' in opened) return { network: { error: `the seed is not reached: ${opened.error}` } };
  try {
    const ports = createLocalPorts(() => false);
    const network = await measureNetwork(opened, ports, bytes, signal).catch(failure);
    if ('error' in network) return { network };
    const options = { seed: opened, side, own: network, ports, trials, bytes, signal };
    return { network, peer: await measurePeer(options).catch(failure) };
  } finally {
    void opened.session.close('the probe has ended');
  }
}
