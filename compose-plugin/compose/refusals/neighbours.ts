import * as z from 'zod/mini';
import { type Model, type Service, servicesOf } from '../model.ts';
import { ownServices } from '../own-names.ts';
import type { Problem } from '../problem.ts';
import type { Annotations } from '../validate.ts';

/** Namespaces of another container that a service can join, and the reason why Boxer refuses each. */
const shared = {
  pid: 'its supervisor and the files of its container, keys included, would be open to this service',
  ipc: 'the container that stays behind shares no memory with the application',
} as const;

const hint = 'Reach the service by its name on a network; files that both need go into both.';

/**
 * Problems with services that would see inside a boxed container or one of Boxer's: they could read its key.
 */
export function neighbourProblems(model: Model, { services }: Pick<Annotations, 'services'>): Problem[] {
  if (services.size === 0) return [];
  const isBoxed = boxedReference(model, services);
  return servicesOf(model).flatMap(([name, service]) =>
    // A lambda service cannot have these keys at all: refusedOnLambda covers them.
    services.get(name)?.target === 'lambda' ? [] : ofService(name, service, isBoxed),
  );
}

interface Reference {
  isBoxed: boolean;
  isOwn: boolean;
}

function ofService(name: string, service: Service, judge: (reference: string) => Reference): Problem[] {
  const base = ['services', name];
  const from = z.array(z.string()).safeParse(service.volumes_from).data ?? [];
  const problems: Problem[] = from.flatMap((entry, index) => {
    const { isBoxed, isOwn } = judge(entry.startsWith('container:') ? entry : `service:${entry}`);
    if (!isBoxed && !isOwn) return [];
    const message = `${entry} is a container of Boxer, and its key and its runtime are among its volumes`;
    return [{ path: [...base, 'volumes_from', String(index)], message, hint }];
  });
  for (const [key, why] of Object.entries(shared)) {
    const value = service[key];
    if (typeof value !== 'string') continue;
    const { isBoxed, isOwn } = judge(value);
    if (isBoxed || isOwn) problems.push({ path: [...base, key], message: `${value} is boxed: ${why}`, hint });
  }
  // A service may share the network of a boxed container, but that of Boxer's services is the control
  // network.
  if (service.network_mode !== undefined && judge(service.network_mode).isOwn) {
    const message = `${service.network_mode} is a container of Boxer's own`;
    problems.push({ path: [...base, 'network_mode'], message, hint });
  }
  return problems;
}

/**
 * Returns a function that tells whose container `service:NAME` or `container:NAME` is; it ignores a trailing
 * `:ro`.
 */
function boxedReference(model: Model, services: Annotations['services']) {
  const boxed = [...services.keys()];
  const named = new Set(boxed.flatMap((name) => model.services?.[name]?.container_name ?? []));
  const replicaOf = (names: readonly string[], container: string) =>
    names.some((name) => {
      const start = ['-', '_'].find((dash) => container.startsWith(`${model.name}${dash}${name}${dash}`));
      return start !== undefined && /^\d+$/.test(container.slice(model.name.length + name.length + 2));
    });
  return (reference: string): Reference => {
    const [kind, name = ''] = reference.split(':');
    if (kind === 'service') return { isBoxed: services.has(name), isOwn: false };
    if (kind !== 'container') return { isBoxed: false, isOwn: false };
    return { isBoxed: named.has(name) || replicaOf(boxed, name), isOwn: replicaOf(ownServices, name) };
  };
}
