import type { Joined } from '../launches/launch.ts';
import type { PumpAddon } from '../network/relay/pump.ts';
import { startRelay } from '../network/relay/relay.ts';
import { mirrorPorts, type PortsTarget } from './ports.ts';

/** The ports of this container, and whose they are. */
export interface Front {
  /** Opens what its guest opens; new connections are its from now on. */
  show(launch: Joined): void;
  /** Resolves when one that is shown no more has no connection left that came in here. */
  idle(launch: Joined): Promise<void>;
}

interface FrontOptions {
  readonly addon: PumpAddon;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function openFront({ addon, say, signal }: FrontOptions): Promise<Front> {
  // One neighbour, such as a proxy, may be all there is.
  const limits = { flowsPerNode: Number.POSITIVE_INFINITY, bytesPerNode: Number.POSITIVE_INFINITY };
  const relay = await startRelay({ addon, signal, limits, log: say });
  const mirror = mirrorPorts({ relay, say, signal });
  const targets = new WeakMap<Joined, PortsTarget>();
  return {
    show(launch) {
      const target = { overlay: launch.overlay, fetch: launch.fetchBy(relay) };
      targets.set(launch, target);
      mirror.follow(target);
    },
    async idle(launch) {
      const target = targets.get(launch);
      if (target) await mirror.idle(target);
    },
  };
}
