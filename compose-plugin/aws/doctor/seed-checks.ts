import type { ProjectSettings } from '../../compose/settings.ts';
import type { Check } from '../../report/check.ts';
import { openingsOf } from '../openings.ts';
import { addressesOf, tcpAnswer } from './tcp-answer.ts';

/** How long a port may take to answer, ms. The time includes one retransmission of the SYN. */
const PATIENCE = 3000;

/** Private, loopback and link-local addresses: functions outside a VPC cannot reach them. */
const PRIVATE =
  /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

/**
 * Checks from this machine whether functions can reach the seed. Functions may see a different network.
 * @param running whether the project's seed is up: a stopped seed cannot answer
 */
export async function seedChecks(
  settings: Pick<ProjectSettings, 'advertise' | 'relay'>,
  running: boolean,
  signal: AbortSignal,
): Promise<Check[]> {
  const { advertise } = settings;
  const openings = openingsOf(settings);
  if (advertise === undefined || openings === undefined) {
    return [
      {
        name: 'seed.advertise',
        ok: false,
        found: 'not set: functions on AWS have no way to the seed',
        advice: 'Write `seed: { advertise: host:port }` under the top-level x-boxer.',
      },
    ];
  }
  const { host, port } = advertise;
  const addresses = await addressesOf(host);
  const resolves: Check = {
    name: 'seed.advertise',
    ok: addresses.length > 0,
    found:
      addresses.length > 0
        ? `${host}: ${addresses.join(', ')}${reach(addresses)}`
        : `${host} does not resolve here`,
    advice: 'Give the host a DNS record (A) that AWS can resolve too, or write its IPv4 address.',
  };
  if (!resolves.ok) return [resolves];
  if (!running)
    return [resolves, { ...answering(host, port), ok: true, found: 'not tried: the seed does not run' }];
  // One port of each rule is enough: a rule opens all of its ports or none.
  const ports = openings.rules.slice(0, 3).map(({ ports }) => Number(ports.split('-')[0]));
  const answers = await Promise.all(ports.map((one) => tcpAnswer(host, one, PATIENCE, signal)));
  return [
    resolves,
    ...ports.map((one, index) => ({
      ...answering(host, one),
      ok: answers[index] === 'ok',
      found: answers[index] === 'ok' ? 'answers from here' : `${answers[index]} from here`,
    })),
  ];
}

const reach = (addresses: readonly string[]) =>
  addresses.every((address) => PRIVATE.test(address)) ? ' (private: for functions in its VPC only)' : '';

const answering = (host: string, port: number) => ({
  name: `TCP ${port} of the seed`,
  advice:
    `Open the port in the security group and the firewall of ${host}, and see that it leads to ` +
    `this engine.`,
});
