/** How a gateway chooses the public port of an outgoing connection. */
export type NatKind = 'preserving' | 'symmetric';

/** The addresses on the function's side of a gateway. They are the same in every gateway. */
export const FUNCTION_ADDRESS = '169.254.76.1';
export const GATEWAY_ADDRESS = '169.254.76.2';
/** The address at which a function finds its Runtime API and its name server. */
export const SERVICE_ADDRESS = '169.254.100.1';
export const RUNTIME_API_PORT = 9001;

export interface ServiceEndpoint {
  readonly address: string;
  readonly runtimePort: number;
  readonly dnsPort: number;
}

/**
 * The nftables ruleset of one gateway. `fn0` is the interface on the function's side, and `pub0` the public
 * one. Unsolicited packets from outside are dropped without an answer, as RFC 5382 recommends for TCP
 * simultaneous open.
 */
export function gatewayRules(kind: NatKind, service: ServiceEndpoint): string {
  const masquerade = kind === 'symmetric' ? 'masquerade fully-random' : 'masquerade';
  const runtimeApi = `${service.address}:${service.runtimePort}`;
  return `table ip gateway {
  chain prerouting {
    type nat hook prerouting priority dstnat
    iifname "fn0" ip daddr ${SERVICE_ADDRESS} tcp dport ${RUNTIME_API_PORT} dnat to ${runtimeApi}
    iifname "fn0" ip daddr ${SERVICE_ADDRESS} udp dport 53 dnat to ${service.address}:${service.dnsPort}
    iifname "fn0" ip daddr ${SERVICE_ADDRESS} tcp dport 53 dnat to ${service.address}:${service.dnsPort}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname "pub0" ${masquerade}
  }
  chain input {
    type filter hook input priority filter; policy drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop
    ct state established,related accept
    iifname "fn0" oifname "pub0" ip saddr ${FUNCTION_ADDRESS} ip daddr != 169.254.0.0/16 ct state new accept
  }
}
`;
}
