import type { PairStatus } from '../published/node-config.ts';

/** How this node's connections to others are made, for people who ask. */
export interface Pairs {
  count(to: string, transport: PairStatus['transport'], why: string, rtt?: number): void;
  /** In the order of the last use, the latest last. */
  all(): PairStatus[];
}

const MAX_PAIRS = 1024;

export function createPairs(): Pairs {
  const pairs = new Map<string, PairStatus>();
  return {
    count(to, transport, why, rtt) {
      const key = `${to} ${transport}`;
      const before = pairs.get(key);
      pairs.delete(key);
      const latest = rtt ?? before?.rtt;
      const connections = (before?.connections ?? 0) + 1;
      pairs.set(key, { to, transport, why, connections, ...(latest === undefined ? {} : { rtt: latest }) });
      const oldest = pairs.keys().next();
      if (pairs.size > MAX_PAIRS && !oldest.done) pairs.delete(oldest.value);
    },
    all: () => [...pairs.values()],
  };
}
