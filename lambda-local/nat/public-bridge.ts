import { rm } from 'node:fs/promises';
import { runCommand } from '../base/run-command.ts';
import type { OwnContainer } from './own-container.ts';

/** The bridge inside this container through which the NAT gateways reach the Docker network on layer 2. */
export const PUBLIC_BRIDGE = 'public';

/**
 * Adds the container's interface to a new bridge, and moves its address to the bridge. This happens once,
 * before any server listens. It does not have to be undone, as the network namespace is removed with the
 * container.
 */
export async function raisePublicBridge(own: OwnContainer): Promise<void> {
  const steps = [
    // The bridge has the interface's MAC address, so that ARP caches of other hosts stay valid.
    `link add ${PUBLIC_BRIDGE} address ${own.mac} type bridge forward_delay 0`,
    `addr flush dev ${own.device}`,
    `link set ${own.device} master ${PUBLIC_BRIDGE}`,
    `link set ${PUBLIC_BRIDGE} up`,
    `addr add ${own.address}/${own.prefix} dev ${PUBLIC_BRIDGE}`,
    ...(own.gateway === undefined ? [] : [`route replace default via ${own.gateway} dev ${PUBLIC_BRIDGE}`]),
  ];
  await runCommand(['ip', '-batch', '-'], `${steps.join('\n')}\n`);
  // A container that is started again still has the names of its former namespaces, but not the namespaces.
  await rm('/run/netns', { recursive: true, force: true });
  // Bridged packets do not have to pass this namespace's netfilter. If the sysctl cannot be set, they only
  // take a little longer. Docker mounts /proc/sys read-only.
  const sysctl = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  await runCommand(
    ['sh'],
    `mount -o remount,rw /proc/sys && [ -e ${sysctl} ] && echo 0 >${sysctl}\nexit 0\n`,
  );
}
