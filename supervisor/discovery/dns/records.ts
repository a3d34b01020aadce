import { BlockList, isIPv4 } from 'node:net';
import type { Answer, Question } from 'dns-packet';
import type { Directory, NodeEntry } from '../directory.ts';
import type { NameIndex } from '../name-index.ts';

/**
 * Time to live in seconds. Membership changes arrive within 100 ms; resolvers must not cache answers for
 * longer.
 */
const TTL = 0;

/** Services that an SRV question may name instead of a port number, with their ports as in /etc/services. */
const WELL_KNOWN: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  amqp: 5672,
  memcache: 11_211,
};

/**
 * The overlay's answer to a question. For a name that exists without a record of the type asked for,
 * `answers` is empty (NODATA).
 */
export interface Found {
  readonly answers: readonly Answer[];
  /** Address records of the hosts that the SRV answers name. */
  readonly additionals: readonly Answer[];
}

const only = (answers: readonly Answer[]): Found => ({ answers, additionals: [] });

/** Returns `name` in lower case, without the trailing dot. */
const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

const addressRecord = (name: string, data: string): Answer => ({ type: 'A', name, ttl: TTL, data });

/** Rotates the answers from one question to the next, as most clients use the first one. */
function rotated<T>(items: readonly T[], turn: number): T[] {
  const first = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

const SERVICE = /^_([a-z0-9-]+)\._tcp\.(.+)$/;

/**
 * Answers an SRV question. `_8080._tcp.api` or `_http._tcp.api` asks for the nodes that listen on this port;
 * `api` asks for all ports on which they listen.
 */
function serviceAnswers(index: NameIndex, { name }: Question): Found | undefined {
  const [, service, host] = SERVICE.exec(plainName(name)) ?? [];
  const nodes = index.named(host ?? plainName(name));
  if (nodes.length === 0) return undefined;
  const wanted = service === undefined ? undefined : (WELL_KNOWN[service] ?? Number(service));
  const portsOf = ({ ports }: NodeEntry) => ports.filter((port) => wanted === undefined || port === wanted);
  const found = nodes.filter((node) => portsOf(node).length > 0);
  return {
    answers: found.flatMap((node) =>
      portsOf(node).map((port): Answer => {
        const data = { priority: 0, weight: 0, port, target: `node-${node.id}` };
        return { type: 'SRV', name, ttl: TTL, data };
      }),
    ),
    additionals: found.map(({ id, address }) => addressRecord(`node-${id}`, address)),
  };
}

function isOverlay({ overlay }: Directory, address: string): boolean {
  const [base = '', bits] = overlay.split('/');
  const range = new BlockList();
  range.addSubnet(base, Number(bits), 'ipv4');
  return isIPv4(address) && range.check(address, 'ipv4');
}

const REVERSE = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/;

/**
 * Answers a PTR question about an overlay address. The name is the one that Docker's resolver gives to the
 * container, which the seed looks up; if the seed has none, the node's first name. Resolves to undefined for
 * an address outside the overlay. Rejects like `Overlay.reverse`.
 */
export async function reverseFor(
  directory: Directory,
  index: NameIndex,
  { type, name }: Question,
): Promise<Found | undefined> {
  const address = REVERSE.exec(plainName(name))?.slice(1).reverse().join('.');
  if (type !== 'PTR' || address === undefined || !isOverlay(directory, address)) return undefined;
  const own = index.at(address)?.names[0];
  const [known] = await directory.reverse(address).catch((error: unknown) => {
    if (own === undefined) throw error;
    return [];
  });
  const data = known ?? own;
  return only(data === undefined ? [] : [{ type: 'PTR', name, ttl: TTL, data }]);
}

/** Answers from the membership; undefined if no node has the name. */
export function nodesFor(index: NameIndex, question: Question, turn: number): Found | undefined {
  if (question.type === 'SRV') return serviceAnswers(index, question);
  const named = index.named(plainName(question.name));
  if (named.length === 0) return undefined;
  if (question.type !== 'A') return only([]);
  return only(rotated(named, turn).map(({ address }) => addressRecord(question.name, address)));
}

/**
 * Answers for an unboxed service that the seed knows. Resolves to undefined if the name is not such a
 * service. Rejects like `Overlay.resolve`.
 */
export async function gatewayFor(directory: Directory, question: Question): Promise<Found | undefined> {
  const name = plainName(question.name);
  if (!directory.gateways().some((known) => known.toLowerCase() === name)) return undefined;
  if (question.type !== 'A') return only([]);
  const addresses = await directory.resolve(name);
  return only(addresses.map((address) => addressRecord(question.name, address)));
}
