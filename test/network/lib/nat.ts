/** How a gateway translates, and what it answers to those whom nobody asked for. */
export const NAT_KINDS = ['silent', 'resetting', 'mapped', 'symmetric'] as const;

/**
 * silent, resetting: ports are kept, a stranger's SYN is dropped or reset. mapped: another public port, the same one for every
 * destination; silent. symmetric: a random public port for each connection; silent.
 */
export type NatKind = (typeof NAT_KINDS)[number];

export interface GatewayOptions {
  readonly kind: NatKind;
  readonly publicAddress: string;
  /** Hosts behind the gateway reach each other by their public endpoints. */
  readonly hairpin: boolean;
  /** Public ports that lead to a host behind it, as a user of the gateway would set up. */
  readonly forwarded: Readonly<Record<number, string>>;
}

const FIRST = 1024;
const COUNT = 65_536 - FIRST;

/** Every port has a public one of its own, far away from it. */
const mappedPort = (port: number) => FIRST + ((port - FIRST + 31_607) % COUNT);

function portMap(): string {
  const elements = Array.from({ length: COUNT }, (_, at) => `${FIRST + at} : ${mappedPort(FIRST + at)}`);
  return `map moved {
    type inet_service : inet_service
    elements = { ${elements.join(', ')} }
  }`;
}

/**
 * The nftables ruleset of a gateway between `lan0` and `pub0`. The counter `translated` counts connections. For hairpins the
 * gateway remembers who uses which port, as gateways with endpoint-independent filtering do.
 */
export function gatewayRules({ kind, publicAddress, hairpin, forwarded }: GatewayOptions): string {
  const translation = {
    silent: 'masquerade',
    resetting: 'masquerade',
    mapped: `ip protocol tcp snat ip to ${publicAddress}:tcp sport map @moved`,
    symmetric: 'masquerade fully-random',
  }[kind];
  const fixed = Object.entries(forwarded).map(([port, to]) => `tcp dport ${port} dnat to ${to}:${port}`);
  return `table ip gateway {
  counter translated { }
  ${kind === 'mapped' ? portMap() : ''}
  map users {
    type inet_service : ipv4_addr
    flags dynamic, timeout
    size 65535
    timeout 2m
  }
  chain remember {
    type filter hook prerouting priority mangle;
    ${hairpin ? 'iifname "lan0" tcp flags & (syn | ack) == syn update @users { tcp sport : ip saddr }' : ''}
  }
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ${fixed.map((rule) => `iifname "pub0" ${rule}`).join('\n    ')}
    ${hairpin ? `iifname "lan0" ip daddr ${publicAddress} dnat to tcp dport map @users` : ''}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "pub0" counter name translated
    oifname "pub0" ${translation}
    oifname "lan0" ct status dnat ct direction original iifname "lan0" counter name translated
    oifname "lan0" ct status dnat iifname "lan0" ip protocol tcp snat to ${publicAddress}
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ${kind === 'resetting' ? 'iifname "pub0" meta l4proto tcp reject with tcp reset' : ''}
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct status dnat accept
    iifname "lan0" oifname "pub0" accept
  }
}
`;
}
