import { domainOf } from '../published/network-domain.ts';
import type { SeedConfig } from '../published/node-config.ts';
import type { NamesByNetwork } from './messages.ts';
import type { NodeRegistry } from './node-registry.ts';

/** One label: a name with dots is one of somebody's domain, and has to be in the compose file. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** Names that mean something else everywhere. */
const RESERVED = /^(localhost|node-\d+)$/;

/**
 * What a container may call itself. It says which names it has, because Docker made some of them; a container that was taken over must
 * not come between others by taking theirs.
 */
export class NamePolicy {
  readonly #project: string;
  /** Service -> network -> names, as the compose file has them; of all services, where the seed was told. */
  readonly #services = new Map<string, NamesByNetwork>();
  /** Every name of the compose file. */
  readonly #written = new Set<string>();
  readonly #boxedAreKnown: boolean;
  /** Name -> service -> how many of its nodes have it; those that are not written. */
  readonly #held = new Map<string, Map<string, number>>();
  readonly #byNode = new Map<number, { readonly service: string; readonly names: readonly string[] }>();

  constructor({ project, gateways, boxed }: SeedConfig) {
    this.#project = project;
    this.#boxedAreKnown = boxed !== undefined;
    for (const { service, networks } of [...gateways, ...(boxed ?? [])]) {
      this.#services.set(service, networks);
      for (const name of Object.values(networks).flat()) this.#written.add(name.toLowerCase());
    }
  }

  /** Remembers who has which names; returns what ends it. */
  follow(registry: NodeRegistry): () => void {
    return registry.onChange((id) => {
      const node = registry.get(id);
      const names = node
        ? [
            ...new Set(
              Object.values(node.networks)
                .flat()
                .map((name) => name.toLowerCase()),
            ),
          ]
        : [];
      const before = this.#byNode.get(id);
      if (before && before.names.join() === names.join()) return;
      for (const name of before?.names ?? []) this.#release(name, before?.service ?? '');
      if (!node) return void this.#byNode.delete(id);
      for (const name of names) this.#hold(name, node.service);
      this.#byNode.set(id, { service: node.service, names });
    });
  }

  /** Of what a container of `service` says: its own networks, and on these the names that are its own or nobody's. */
  permitted(service: string, claimed: NamesByNetwork): NamesByNetwork {
    const own = this.#services.get(service);
    const networks = Object.entries(claimed).filter(([network]) => !own || Object.hasOwn(own, network));
    return Object.fromEntries(
      networks.map(([network, names]) => {
        const written = own?.[network] ?? [];
        const domain = domainOf(service, written);
        // What Docker calls by a name it also calls by that name and the network's.
        const plain = (name: string) =>
          domain && name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : name;
        return [
          network,
          names.filter((name) => written.includes(name) || this.#isFree(service, plain(name).toLowerCase())),
        ];
      }),
    );
  }

  #isFree(service: string, name: string): boolean {
    // A seed that was not told of the project's services has nothing to compare with.
    if (!this.#boxedAreKnown) return !RESERVED.test(name);
    if (this.#written.has(name) || RESERVED.test(name) || !LABEL.test(name)) return false;
    for (const holder of this.#held.get(name)?.keys() ?? []) if (holder !== service) return false;
    return !this.#isContainerOf(name, service);
  }

  /** Whether it is how Compose names containers of another service. */
  #isContainerOf(name: string, service: string): boolean {
    const isOf = (other: string) =>
      ['-', '_'].some((dash) => name.startsWith(`${this.#project}${dash}${other}${dash}`));
    return !isOf(service) && [...this.#services.keys()].some((other) => other !== service && isOf(other));
  }

  #hold(name: string, service: string): void {
    const holders = this.#held.get(name) ?? new Map<string, number>();
    holders.set(service, (holders.get(service) ?? 0) + 1);
    this.#held.set(name, holders);
  }

  #release(name: string, service: string): void {
    const holders = this.#held.get(name);
    const left = (holders?.get(service) ?? 1) - 1;
    if (left > 0) holders?.set(service, left);
    else holders?.delete(service);
    if (holders?.size === 0) this.#held.delete(name);
  }
}
