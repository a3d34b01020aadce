import type { Joined } from '../launches/launch.ts';
import { startRelay } from '../network/relay/relay.ts';
import type { PumpAddon } from '../service/pump-addon.ts';
import { mirrorPorts, type PortsTarget } from './ports.ts';

/** The ports of this container, which lead to one launch at a time. */
export interface Front {
  /** Opens the ports that the launch's guest opens, and leads new connections to it from now on. */
  show(launch: Joined): void;
  /**
   * Resolves when a launch to which the ports no longer lead has no connection left that came in through
   * them.
   */
  idle(launch: Joined): Promise<void>;
}

interface FrontOptions {
  readonly addon: PumpAddon;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function openFront({ addon, say, signal }: FrontOptions): Promise<Front> {
  // All connections may come from one neighbour, such as a proxy, so no limit applies to one neighbour.
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
