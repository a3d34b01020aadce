import { withDomain } from '../../../supervisor/published/network-domain.ts';
import type { Model, Service } from '../model.ts';
import { servicesOf } from '../model.ts';

/** Docker network (key in the compose file) -> the names of a service on it. */
export type NamesByNetwork = Record<string, string[]>;

/** Networks of a service; Compose's output names `default` where the file names none. */
export const networksOf = (service: Service): string[] =>
  service.network_mode === undefined ? Object.keys(service.networks ?? { default: null }) : [];

/**
 * The engine's name of a network. Docker's resolver also knows every name on the network with this domain.
 */
function engineNameOf(model: Model, network: string): string {
  const described = model.networks?.[network];
  const name: unknown =
    typeof described === 'object' && described ? Reflect.get(described, 'name') : undefined;
  return typeof name === 'string' ? name : `${model.name}_${network}`;
}

/** All names of a service per network; `extra` names hold on every network. Names with a domain come last. */
export function namesByNetwork(
  model: Model,
  name: string,
  service: Service,
  extra: readonly string[] = [],
): NamesByNetwork {
  const everywhere = [
    name,
    ...(service.container_name === undefined ? [] : [service.container_name]),
    ...extra,
  ];
  return Object.fromEntries(
    networksOf(service).map((network) => {
      const names = [...new Set([...everywhere, ...(service.networks?.[network]?.aliases ?? [])])];
      return [network, withDomain(names, engineNameOf(model, network))];
    }),
  );
}

/**
 * Services that stay plain containers. The seed resolves their names and forwards to them on its networks.
 */
export function gateways(model: Model, boxed: ReadonlySet<string>, shared: readonly string[]) {
  return addressesOf(model, (name) => !boxed.has(name), shared);
}

/** Names of the boxed services by network. */
export function boxedNames(model: Model, boxed: ReadonlySet<string>, shared: readonly string[]) {
  return addressesOf(model, (name) => boxed.has(name), shared);
}

/** A service's names besides its own: its `hostname` and the names of its x-boxer, which is valid already. */
function* declaredNames(service: Service): Generator<string> {
  if (service.hostname !== undefined) yield service.hostname;
  const annotation: unknown = service['x-boxer'];
  const names: unknown =
    typeof annotation === 'object' && annotation ? Reflect.get(annotation, 'names') : undefined;
  if (Array.isArray(names)) for (const name of names) yield String(name);
}

function addressesOf(model: Model, wanted: (name: string) => boolean, shared: readonly string[]) {
  return servicesOf(model)
    .filter(([name]) => wanted(name))
    .map(([name, service]) => ({
      service: name,
      networks: Object.fromEntries(
        Object.entries(namesByNetwork(model, name, service, [...declaredNames(service)])).filter(
          ([network]) => shared.includes(network),
        ),
      ),
    }))
    .filter(({ networks }) => Object.keys(networks).length > 0);
}
