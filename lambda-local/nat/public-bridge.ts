import { rm } from 'node:fs/promises';
import { runCommand } from '../base/run-command.ts';
import type { OwnContainer } from './own-container.ts';

/** The bridge inside this container through which the NAT gateways reach the Docker network on layer 2. */
export const PUBLIC_BRIDGE = 'public';

/**
 * Puts the container's interface into a bridge and its address onto the bridge. Done once, before anything
 * listens; the namespace dies with the container, so nothing needs undoing.
 */
export async function raisePublicBridge(own: OwnContainer): Promise<void> {
  const steps = [
    // The bridge takes the interface's MAC address, so that nobody's ARP cache becomes wrong.
    `link add ${PUBLIC_BRIDGE} address ${own.mac} type bridge forward_delay 0`,
    `addr flush dev ${own.device}`,
    `link set ${own.device} master ${PUBLIC_BRIDGE}`,
    `link set ${PUBLIC_BRIDGE} up`,
    `addr add ${own.address}/${own.prefix} dev ${PUBLIC_BRIDGE}`,
    ...(own.gateway === undefined ? [] : [`route replace default via ${own.gateway} dev ${PUBLIC_BRIDGE}`]),
  ];
  await runCommand(['ip', '-batch', '-'], `${steps.join('\n')}\n`);
  // A container that is started again has kept the names of its former namespaces, not the namespaces.
  await rm('/run/netns', { recursive: true, force: true });
  // Docker mounts /proc/sys read-only. Bridged packets need no second look by this namespace's netfilter:
  // where that switch cannot be reached the packets only take a little longer.
  const sysctl = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  await runCommand(
    ['sh'],
    `mount -o remount,rw /proc/sys && [ -e ${sysctl} ] && echo 0 >${sysctl}\nexit 0\n`,
  );
}
