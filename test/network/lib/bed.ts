import { createLink, type Link, type LinkShape } from './link.ts';
import { createNamespace, type Namespace } from './namespace.ts';
import { type GatewayOptions, gatewayRules, type NatKind } from './nat.ts';
import { createRuntime, type Runtime } from './programs.ts';

/** A machine with one network device, `eth0`, and nothing running on it. */
export interface Host {
  readonly namespace: Namespace;
  /** The host's own address. Hosts behind different gateways may have the same address. */
  readonly address: string;
  /** The address under which the internet sees the host. */
  readonly publicAddress: string;
  readonly link: Link;
}

/** A network behind a gateway. All sites use the same private addresses. */
export interface Site {
  readonly kind: NatKind;
  readonly publicAddress: string;
  /**
   * Adds a host. An isolated host reaches the gateway but not its neighbours, as on many wireless networks.
   */
  host(options?: { isolated?: boolean }): Promise<Host>;
  /** Resolves to the number of connections that the gateway has translated so far. */
  translated(): Promise<number>;
  readonly link: Link;
}

export interface SiteOptions {
  readonly hairpin?: boolean;
  readonly forwarded?: GatewayOptions['forwarded'];
}

/** An internet with hosts and gateways. Everything in it ends with the bed, and with this process. */
export interface Bed {
  readonly runtime: Runtime;
  host(): Promise<Host>;
  site(kind: NatKind, options?: SiteOptions): Promise<Site>;
  /** Makes the bed run `release` when it is removed. The last release runs first. */
  own(release: () => Promise<void>): void;
  remove(): Promise<void>;
}

/** Addresses for documentation (RFC 5737), which no real network uses. */
const INTERNET = '203.0.113';
const PRIVATE = '192.168.7';
export const FIRST_PRIVATE_ADDRESS = `${PRIVATE}.2`;

/**
 * Makes a bed. `shape` applies to the links of all hosts and gateways on the internet. Requires root, and
 * /dev/net/tun if `shape` is not empty.
 */
export async function createBed(shape: LinkShape = {}): Promise<Bed> {
  const releases: (() => Promise<void>)[] = [];
  const own = (release: () => Promise<void>) => void releases.push(release);
  let removing: Promise<void> | undefined;
  const remove = () => {
    removing ??= releases.reduceRight((before, release) => before.then(release), Promise.resolve());
    return removing;
  };
  async function namespace(): Promise<Namespace> {
    const made = await createNamespace();
    own(made.remove);
    return made;
  }
  try {
    const runtime = await createRuntime();
    own(runtime.remove);
    const internet = await namespace();
    await internet.run('ip link add inet0 type bridge\nip link set inet0 up');
    let count = 0;

    /** Connects `device` of the namespace `inside` to the internet. */
    async function attach(inside: Namespace, device: string): Promise<{ address: string; link: Link }> {
      count += 1;
      const address = `${INTERNET}.${count + 1}`;
      const port = { namespace: internet, device: `port${count}` };
      const link = await createLink({ namespace: inside, device }, port, 'inet0', shape);
      own(link.remove);
      await inside.run(`ip addr add ${address}/24 dev ${device}`);
      return { address, link };
    }

    async function host(): Promise<Host> {
      const inside = await namespace();
      const { address, link } = await attach(inside, 'eth0');
      return { namespace: inside, address, publicAddress: address, link };
    }

    async function site(kind: NatKind, options: SiteOptions = {}): Promise<Site> {
      const { hairpin = false, forwarded = {} } = options;
      const gateway = await namespace();
      const { address: publicAddress, link } = await attach(gateway, 'pub0');
      const rules = gatewayRules({ kind, publicAddress, hairpin, forwarded });
      await gateway.run(
        `ip link add lan0 type bridge\nip addr add ${PRIVATE}.1/24 dev lan0\nip link set lan0 up\n` +
          `nft -f - <<'.'\n${rules}.\n`,
      );
      return siteOf(gateway, { kind, publicAddress, link }, namespace);
    }

    return { runtime, host, site, own, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function siteOf(
  gateway: Namespace,
  facts: Pick<Site, 'kind' | 'publicAddress' | 'link'>,
  namespace: () => Promise<Namespace>,
): Site {
  let count = 0;
  return {
    ...facts,
    async host({ isolated = false } = {}) {
      count += 1;
      const address = `${PRIVATE}.${count + 1}`;
      const inside = await namespace();
      const port = { namespace: gateway, device: `lan${count}` };
      const link = await createLink({ namespace: inside, device: 'eth0' }, port, 'lan0', {}, isolated);
      await inside.run(`ip addr add ${address}/24 dev eth0\nip route add default via ${PRIVATE}.1`);
      return { namespace: inside, address, publicAddress: facts.publicAddress, link };
    },
    async translated() {
      const listed = await gateway.run('nft list counter ip gateway translated');
      return Number(/packets (\d+)/.exec(listed)?.[1]);
    },
  };
}
