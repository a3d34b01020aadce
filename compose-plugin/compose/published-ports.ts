import type { RelaySettings } from '../../supervisor/published/node-config.ts';

/** TCP ports of the seed that functions on AWS connect to, on the host that `seed.advertise` names. */
export interface PublishedPorts {
  /** The port of `seed.advertise`. */
  readonly control: number;
  /** The port to which functions connect for relayed connections and for their phantoms. */
  readonly relay: number;
  /** The ports where relayed connections of functions arrive. */
  readonly initiators: { readonly first: number; readonly last: number };
  /** The ports where functions learn how their NAT maps their ports. */
  readonly observers: readonly [number, number];
}

/** Offsets from the control port, so that one number decides all ports. */
const RELAY = 1;
const OBSERVERS = 2;
const INITIATORS = 30;
const INITIATOR_COUNT = 64;

/** The highest control port that leaves room for the others. */
export const MAX_ADVERTISED_PORT = 65_535 - INITIATORS - INITIATOR_COUNT + 1;

/** Which ports are published: those that follow from the advertised one, unless `relay` names others. */
export function publishedPorts(control: number, relay: RelaySettings): PublishedPorts {
  const first = control + INITIATORS;
  return {
    control,
    relay: relay.port ?? control + RELAY,
    initiators: relay.ports ?? { first, last: first + INITIATOR_COUNT - 1 },
    observers: [control + OBSERVERS, control + OBSERVERS + 1],
  };
}

/** A port that two uses claim; undefined if all ports differ. */
export function sharedPort({ control, relay, initiators, observers }: PublishedPorts): number | undefined {
  const single = [control, relay, ...observers];
  const twice = single.find((port, index) => single.indexOf(port) !== index);
  return twice ?? single.find((port) => port >= initiators.first && port <= initiators.last);
}
