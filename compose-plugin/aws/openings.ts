import { publishedPorts } from '../compose/published-ports.ts';
import type { ProjectSettings } from '../compose/settings.ts';

/** A rule of the security group (or firewall) of the host that `seed.advertise` names. */
export interface Opening {
  protocol: 'tcp';
  /** `7070`, or `7100-7163` */
  ports: string;
  source: string;
  why: string;
}

/** The ports that have to be open, and the host. */
export interface Openings {
  /** The host of `seed.advertise`. */
  host: string;
  rules: Opening[];
}

/** Functions outside a VPC have unpredictable addresses; functions in a VPC have that of the NAT gateway. */
const SOURCE = 'functions: 0.0.0.0/0, or the NAT gateway of their VPC';

/** The ports that functions connect to; undefined: the project has no `seed.advertise`. Pure. */
export function openingsOf({
  advertise,
  relay,
}: Pick<ProjectSettings, 'advertise' | 'relay'>): Openings | undefined {
  if (advertise === undefined) return undefined;
  const { control, relay: dialIn, observers, initiators } = publishedPorts(advertise.port, relay);
  const rule = (ports: string, why: string): Opening => ({ protocol: 'tcp', ports, source: SOURCE, why });
  return {
    host: advertise.host,
    rules: [
      rule(String(control), 'control connections of functions'),
      rule(String(dialIn), 'functions fetch relayed connections, and reach their phantoms'),
      rule(observers.join('-'), 'functions learn what their NAT does'),
      rule(`${initiators.first}-${initiators.last}`, 'relayed connections of functions'),
    ],
  };
}
