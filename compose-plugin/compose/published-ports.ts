import type { RelaySettings } from '../../supervisor/published/node-config.ts';

/** Ports of the seed that functions elsewhere have to reach, on the host that `seed.advertise` names. TCP, all of them. */
export interface PublishedPorts {
  /** As `seed.advertise` says. */
  readonly control: number;
  /** Where functions dial in for relayed connections, and for their phantoms. */
  readonly relay: number;
  /** Where relayed connections of functions arrive. */
  readonly initiators: { readonly first: number; readonly last: number };
  /** Where functions learn what their NAT makes of their ports. */
  readonly observers: readonly [number, number];
}

/** From the control port on: one number decides about all of them. */
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

/** A port that two of them claim; undefined where each has its own. */
export function sharedPort({ control, relay, initiators, observers }: PublishedPorts): number | undefined {
  const single = [control, relay, ...observers];
  const twice = single.find((port, index) => single.indexOf(port) !== index);
  return twice ?? single.find((port) => port >= initiators.first && port <= initiators.last);
}
