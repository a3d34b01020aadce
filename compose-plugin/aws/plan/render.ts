import { table } from '../../report/table.ts';
import { dollars, megabytesOf } from '../cost/show.ts';
import type { Openings } from '../openings.ts';
import type { Plan, Resource, ServiceCost } from './plan.ts';

/** The words of a provider in its plans. */
export interface PlanWords {
  /** Where functions run. */
  readonly place: (plan: Plan) => string;
  readonly costTitle: string;
}

/** The plan as text for the user. */
export function renderPlan(plan: Plan, { place, costTitle }: PlanWords): string {
  const { project, provider, resources, actions, missingImages } = plan;
  const rows = resources.map((resource) => [
    resource.action,
    resource.kind,
    resource.name,
    details(resource),
  ]);
  const parts = [
    `Plan for ${project}: provider ${provider}, ${place(plan)}`,
    table([['ACTION', 'KIND', 'NAME', 'DETAILS'], ...rows]),
  ];
  if (missingImages.length > 0) {
    parts.push(`Not in this engine yet, and so not planned: the image of ${missingImages.join(', ')}`);
  }
  if (actions.length > 0) parts.push(`IAM actions:\n${columns(actions)}`);
  if (plan.openings !== undefined) parts.push(opened(plan.openings));
  parts.push([renderCost(plan, costTitle), ...renewals(plan.cost.services)].join('\n'));
  return parts.join('\n\n');
}

function details(resource: Resource): string {
  if (resource.kind === 'repository') {
    return resource.action === 'create' ? 'scan on push, AES256, immutable tags, lifecycle policy' : '';
  }
  if (resource.kind === 'image') {
    const size = resource.pushed
      ? megabytesOf(resource.size)
      : `about ${megabytesOf(resource.size)} unpacked, and the runtime`;
    return [
      ...(resource.digest === undefined ? [] : [resource.digest.slice(0, 19)]),
      size,
      resource.architecture,
    ].join(', ');
  }
  if (resource.action === 'change') {
    return resource.changes.map(({ what, from, to }) => `${what} ${from} -> ${to}`).join(', ');
  }
  const { memorySize, timeout, ephemeralStorage, architecture, role, concurrency, reason } = resource;
  return [
    ...(reason === undefined ? [] : [reason]),
    ...[`${memorySize} MB`, `${timeout} s`, `${ephemeralStorage} MB of /tmp`, architecture],
    ...(role === undefined ? [] : [`role ${role}`]),
    ...(concurrency === undefined ? [] : [`concurrency ${concurrency}`]),
  ].join(', ');
}

function renderCost({ region, cost, resources }: Plan, title: string): string {
  const rows = cost.services.map((one) => [
    ...[one.service, `${one.memorySize} MB ${one.architecture}`, String(one.replicas)],
    ...[dollars(one.perReplicaHour), dollars(one.per1000ReplicaMinutes), dollars(one.perHour)],
  ]);
  const head = ['SERVICE', 'FUNCTION', 'REPLICAS', 'REPLICA-HOUR', '1,000 REPLICA-MINUTES', 'ALL, PER HOUR'];
  const total = cost.services.length > 1 ? [['total', '', '', '', '', dollars(cost.perHour)]] : [];
  const whose = `prices of ${cost.pricesOf}, ${cost.pricesDate}`;
  const unknown = cost.exact ? '' : `; those of ${region} are not in Boxer's table and may differ`;
  const stored = resources.some(({ kind }) => kind === 'repository')
    ? `\nECR, per month: ${dollars(cost.storagePerMonth)} for what is stored now`
    : '';
  return `${title} (${whose}${unknown}):\n${table([head, ...rows, ...total])}${stored}`;
}

/** The ports to open, in one line; `docker boxer doctor --aws` gives the reasons. */
function opened({ host, rules }: Openings): string {
  const ports = rules.map(({ ports }) => ports).join(', ');
  return `To be open to functions on ${host} (security group, firewall): TCP ${ports}`;
}

/** One line for all services with the same renewal. */
function renewals(services: readonly ServiceCost[]): string[] {
  const line = ({ every, overlap, noRoom }: NonNullable<ServiceCost['renewal']>) =>
    `renewed every ${every} s: up to ${overlap} s of it a replica is two functions, ` +
    `at most ${Math.ceil((100 * overlap) / every)}% ` +
    `more${noRoom ? '; ITS CONCURRENCY LEAVES NO ROOM FOR THAT' : ''}`;
  const byLine = new Map<string, string[]>();
  for (const { service, renewal } of services) {
    const key = renewal === undefined ? 'not renewed: they end with their timeout' : line(renewal);
    byLine.set(key, [...(byLine.get(key) ?? []), service]);
  }
  return [...byLine].map(([text, names]) => `${names.join(', ')}: ${text}`);
}

/** Lays words out in rows of three. */
function columns(words: readonly string[]): string {
  const rows: string[][] = [];
  for (let at = 0; at < words.length; at += 3) {
    rows.push([0, 1, 2].map((column) => (column === 0 ? '  ' : '') + (words[at + column] ?? '')));
  }
  return table(rows);
}
