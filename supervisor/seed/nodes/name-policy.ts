import type { NamesByNetwork } from '../../protocol/join.ts';
import { domainOf } from '../../published/network-domain.ts';
import type { SeedConfig } from '../../published/node-config.ts';
import type { NodeRegistry } from './node-registry.ts';

/**
 * A single label. A name with dots belongs to some domain, and is permitted only if the Compose file has it.
 */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** Names with a fixed meaning on every host. */
const RESERVED = /^(localhost|node-\d+)$/;

/**
 * Decides which names a container may have. The container itself reports its names, because Docker made some
 * of them. A compromised container must not intercept connections to others by claiming their names.
 */
export class NamePolicy {
  readonly #project: string;
  /**
   * Maps a service and a network to the names in the Compose file. Covers unboxed services too if the
   * configuration lists them.
   */
  readonly #services = new Map<string, NamesByNetwork>();
  /** Every name in the Compose file. */
  readonly #written = new Set<string>();
  readonly #boxedAreKnown: boolean;
  /**
   * Maps a name and a service to the number of the service's nodes that have the name. Contains only names
   * outside the Compose file.
   */
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

  /** Keeps track of the names that nodes have. Returns a function that stops this. */
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
      if (before) for (const name of before.names) this.#release(name, before.service);
      if (!node) return void this.#byNode.delete(id);
      for (const name of names) this.#hold(name, node.service);
      this.#byNode.set(id, { service: node.service, names });
    });
  }

  /**
   * Returns the part of `claimed` that a container of `service` may have: the networks of its service, and on
   * these the names that are its own or nobody's.
   */
  permitted(service: string, claimed: NamesByNetwork): NamesByNetwork {
    const own = this.#services.get(service);
    const networks = Object.entries(claimed).filter(([network]) => !own || Object.hasOwn(own, network));
    return Object.fromEntries(
      networks.map(([network, names]) => {
        const written = own?.[network] ?? [];
        const domain = domainOf(service, written);
        // Docker resolves each name also with the network's name as domain.
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
    // Without the project's services in the configuration, there is nothing to compare with.
    if (!this.#boxedAreKnown) return !RESERVED.test(name);
    if (this.#written.has(name) || RESERVED.test(name) || !LABEL.test(name)) return false;
    for (const holder of this.#held.get(name)?.keys() ?? []) if (holder !== service) return false;
    return !this.#isContainerOf(name, service);
  }

  /** Whether Compose would give this name to a container of another service. */
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
