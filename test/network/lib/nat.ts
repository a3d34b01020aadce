/** The ways in which a gateway translates, and in which it treats unsolicited packets. */
export const NAT_KINDS = ['silent', 'resetting', 'mapped', 'symmetric'] as const;

/**
 * `silent`: keeps ports, and drops an unsolicited SYN. `resetting`: keeps ports, and resets an unsolicited
 * SYN. `mapped`: translates a port to another one, which is the same for every destination; silent.
 * `symmetric`: translates to a random port for each connection; silent.
 */
export type NatKind = (typeof NAT_KINDS)[number];

export interface GatewayOptions {
  readonly kind: NatKind;
  readonly publicAddress: string;
  /** Whether hosts behind the gateway reach each other by their public endpoints. */
  readonly hairpin: boolean;
  /** Public ports that are forwarded to a host behind the gateway, as a user may configure it. */
  readonly forwarded: Readonly<Record<number, string>>;
}

const FIRST = 1024;
const COUNT = 65_536 - FIRST;

/** The public port of a port: each port has another one, whose number is not near. */
const mappedPort = (port: number) => FIRST + ((port - FIRST + 31_607) % COUNT);

function portMap(): string {
  const elements = Array.from({ length: COUNT }, (_, at) => `${FIRST + at} : ${mappedPort(FIRST + at)}`);
  return `map moved {
    type inet_service : inet_service
    elements = { ${elements.join(', ')} }
  }`;
}

/**
 * The nftables ruleset of a gateway between `lan0` and `pub0`. The counter `translated` counts connections.
 * For hairpin connections, the gateway remembers which host uses which port, as a gateway with
 * endpoint-independent filtering does.
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
