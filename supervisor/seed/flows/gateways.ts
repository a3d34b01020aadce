import { lookup, reverse } from 'node:dns/promises';
import { ControlError, codeOf } from '../../control/control-error.ts';
import type { NamesByNetwork } from '../../protocol/join.ts';
import type { SeedConfig } from '../../published/node-config.ts';
import type { Hosts } from '../nodes/hosts.ts';
import { sharesNetwork } from '../nodes/node-record.ts';

/** Resolves a host name to addresses. Rejects with the errors of `dns.lookup`. */
export type Resolver = (name: string) => Promise<readonly string[]>;

/** Asks the resolver of this container, which on Docker's networks knows the services of the project. */
export const resolveHere: Resolver = async (name) =>
  (await lookup(name, { all: true, family: 4 })).map(({ address }) => address);

/** Resolves an address to names, like `dns.reverse`. */
export type ReverseResolver = (address: string) => Promise<readonly string[]>;

const RESOLVE_TIMEOUT = 5000;
/** ms. After that time the caller gets another name, as a late answer is worth less. */
const REVERSE_TIMEOUT = 1000;
const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NONAME', 'EAI_NODATA']);

/**
 * The hosts of the project outside the overlay: unboxed services, by name, and hosts that connected to a
 * phantom.
 */
export class Gateways {
  readonly #resolver: Resolver;
  readonly #reverse: ReverseResolver;
  readonly #networksByName = new Map<string, NamesByNetwork>();
  readonly #boxed = new Map<string, NamesByNetwork>();
  readonly #hosts: Hosts;
  readonly #pending = new Map<string, Promise<readonly string[]>>();

  constructor(
    config: SeedConfig,
    hosts: Hosts,
    resolver: Resolver = resolveHere,
    reverseResolver: ReverseResolver = reverse,
  ) {
    this.#resolver = resolver;
    this.#reverse = reverseResolver;
    this.#hosts = hosts;
    collect(this.#networksByName, config.gateways);
    collect(this.#boxed, config.boxed ?? []);
  }

  /**
   * Returns the names about which a function on these networks has to ask the seed. These are the names of
   * unboxed services there, which `resolve` knows, and of services on other networks only, which `resolve`
   * denies. The function's own resolver may know the latter and must not be asked.
   */
  namesToAsk(networks: NamesByNetwork): string[] {
    const elsewhere = [...this.#networksByName, ...this.#boxed].filter(
      ([, on]) => !sharesNetwork(networks, on),
    );
    const found = new Set(
      [...this.#boxed].filter(([, on]) => sharesNetwork(networks, on)).map(([name]) => name),
    );
    const hidden = elsewhere.map(([name]) => name).filter((name) => !found.has(name));
    return [...new Set([...this.namesOn(networks), ...hidden])];
  }

  /** Returns the names of unboxed services on these networks. */
  namesOn(networks: NamesByNetwork): string[] {
    return [...this.#networksByName].filter(([, on]) => sharesNetwork(networks, on)).map(([name]) => name);
  }

  /**
   * Resolves to the overlay addresses of an unboxed service. Rejects with ControlError ENOENT if these
   * networks have no such name, EAGAIN if the name cannot be resolved now.
   */
  async resolve(given: string, networks: NamesByNetwork, signal: AbortSignal): Promise<string[]> {
    const name = given.toLowerCase();
    const on = this.#networksByName.get(name);
    if (!on || !sharesNetwork(networks, on))
      throw new ControlError('ENOENT', `no unboxed service is named ${name}`);
    const addresses = await this.#lookUp(name, signal);
    const places = await Promise.all(addresses.map((address) => this.#hosts.take(address)));
    for (const place of places) this.#hosts.describe(place, [name], on);
    return places.map(({ overlay }) => overlay);
  }

  /** Resolves to the overlay address of a host that connected from `address` to a node on these networks. */
  async addressFor(address: string, networks: NamesByNetwork): Promise<string> {
    const place = await this.#hosts.take(address);
    this.#hosts.describe(place, [], { ...networks, ...place.entry.networks });
    return place.overlay;
  }

  /**
   * Resolves to the address of the host at an overlay address, if nodes on these networks may reach the host;
   * otherwise to undefined.
   */
  async hostAt(overlay: string, networks: NamesByNetwork, signal: AbortSignal): Promise<string | undefined> {
    // A guest may remember an address from before the seed's restart. The host gets the same overlay address
    // again.
    if (!this.#hosts.find(overlay))
      await Promise.allSettled(this.namesOn(networks).map((name) => this.resolve(name, networks, signal)));
    const found = this.#hosts.find(overlay);
    return found && sharesNetwork(networks, found.entry.networks) ? found.address : undefined;
  }

  /** Returns the known names of the host at an overlay address; [] for an unknown host. */
  namesAt(overlay: string, networks: NamesByNetwork): string[] {
    const found = this.#hosts.find(overlay);
    return found && sharesNetwork(networks, found.entry.networks) ? [...found.entry.names] : [];
  }

  /** Returns the address of the host at an overlay address. */
  placeOf(overlay: string): string | undefined {
    return this.#hosts.find(overlay)?.address;
  }

  /**
   * Resolves to the name that this container's resolver gives to an address; [] if the resolver gives none in
   * time.
   */
  async nameHere(address: string): Promise<string[]> {
    const { promise: late, resolve } = Promise.withResolvers<readonly string[]>();
    const timer = setTimeout(() => resolve([]), REVERSE_TIMEOUT);
    try {
      return [...(await Promise.race([this.#reverse(address).catch(() => []), late]))].slice(0, 1);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves a name. Concurrent look-ups of the same name share one query. */
  async #lookUp(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(RESOLVE_TIMEOUT)]);
    const pending = this.#pending.get(name) ?? this.#resolver(name);
    this.#pending.set(name, pending);
    const { promise: cancelled, reject } = Promise.withResolvers<never>();
    const cancel = () => reject(new ControlError('EAGAIN', `${name}: not resolved in time`));
    limit.addEventListener('abort', cancel);
    try {
      return await Promise.race([pending, cancelled]);
    } catch (error) {
      throw NO_SUCH_NAME.has(codeOf(error))
        ? new ControlError('ENOENT', `${name}: the seed's resolver does not know it`)
        : new ControlError('EAGAIN', `${name}: ${codeOf(error) || 'not resolved'}`, { cause: error });
    } finally {
      limit.removeEventListener('abort', cancel);
      this.#pending.delete(name);
    }
  }
}

function collect(into: Map<string, NamesByNetwork>, services: SeedConfig['gateways']): void {
  for (const { networks } of services)
    for (const [network, names] of Object.entries(networks))
      for (const name of names.map((given) => given.toLowerCase()))
        into.set(name, { ...into.get(name), [network]: names });
}
