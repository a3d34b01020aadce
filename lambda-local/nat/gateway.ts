import { runCommand } from '../base/run-command.ts';
import type { OwnContainer } from './own-container.ts';
import { PUBLIC_BRIDGE } from './public-bridge.ts';
import {
  FUNCTION_ADDRESS,
  GATEWAY_ADDRESS,
  gatewayRules,
  type NatKind,
  type ServiceEndpoint,
} from './rules.ts';

/** A network namespace that does the network address translation between a sandbox and the public network. */
export interface Gateway {
  readonly publicAddress: string;
  /** Gives the network namespace of process `pid` its only interface, `eth0`, behind this gateway. */
  attach(pid: number): Promise<void>;
  /** Removes the namespace and with it both links. */
  remove(): Promise<void>;
}

/**
 * Makes the namespace `name` with `publicAddress` on the bridge. It runs as few processes as possible,
 * because spawning them takes most of the time.
 */
export async function createGateway(
  name: string,
  publicAddress: string,
  own: OwnContainer,
  kind: NatKind,
  service: ServiceEndpoint,
): Promise<Gateway> {
  const remove = () => runCommand(['ip', 'netns', 'delete', name]).then(() => {});
  await runCommand(['ip', 'netns', 'add', name]);
  try {
    await runCommand(['sh'], preparation(name, publicAddress, own, gatewayRules(kind, service)));
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    publicAddress,
    attach: async (pid) => {
      await runCommand(['sh'], attachment(name, pid));
    },
    remove,
  };
}

function preparation(name: string, publicAddress: string, own: OwnContainer, rules: string): string {
  const route = own.gateway === undefined ? '' : `route add default via ${own.gateway}\n`;
  return `set -e
ip -batch - <<.
link add ${name} type veth peer name pub0 netns ${name}
link set ${name} master ${PUBLIC_BRIDGE} up
.
nsenter --net=/run/netns/${name} sh -e <<'outer'
echo 1 >/proc/sys/net/ipv4/ip_forward
nft -f - <<.
${rules}.
exec ip -batch - <<.
link set lo up
addr add ${publicAddress}/${own.prefix} dev pub0
link set pub0 up
${route}.
outer
`;
}

// One end of the veth pair is made in the function's namespace directly, because moving an existing link
// takes 30 ms. nsenter is used because `ip -n` mounts a new /sys, which a rootless Engine does not allow.
function attachment(name: string, pid: number): string {
  return `set -e
nsenter --net=/run/netns/${name} ip -batch - <<.
link add fn0 type veth peer name eth0 netns ${pid}
addr add ${GATEWAY_ADDRESS}/30 dev fn0
link set fn0 up
.
exec nsenter --net=/proc/${pid}/ns/net ip -batch - <<.
addr add ${FUNCTION_ADDRESS}/30 dev eth0
link set eth0 up
route add default via ${GATEWAY_ADDRESS}
.
`;
}
