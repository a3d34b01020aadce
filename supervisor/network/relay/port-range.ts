/** TCP ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The ports of a range in turn, so that one is used again as late as possible. */
export interface PortCycle {
  readonly size: number;
  /** A port that is not taken, undefined where all are. */
  take(): number | undefined;
  give(port: number): void;
}

export function portCycle({ first, last }: PortRange): PortCycle {
  const size = last - first + 1;
  const taken = new Set<number>();
  let next = first;
  return {
    size,
    take() {
      if (taken.size >= size) return undefined;
      while (taken.has(next)) next = next === last ? first : next + 1;
      const port = next;
      next = next === last ? first : next + 1;
      taken.add(port);
      return port;
    },
    give: (port) => void taken.delete(port),
  };
}
