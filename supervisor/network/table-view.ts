import { networkInterfaces } from 'node:os';
import type { OverlayView } from '../membership/join.ts';
import type { TableView } from '../service/shared-table.ts';

/** Returns the base and the mask of an IPv4 range in CIDR form, both dotted. */
export function rangeOf(cidr: string): { base: string; mask: string } {
  const [base = '0.0.0.0', bits = '32'] = cidr.split('/');
  const mask = (0xffffffff << (32 - Number(bits))) >>> 0;
  return { base, mask: [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.') };
}

/** Returns the user and group of a function's guest; undefined on a system without users. */
function ownAccount(): TableView['account'] {
  const [user, group] = [process.getuid?.(), process.getgid?.()];
  return user === undefined || group === undefined ? undefined : { user, group };
}

/**
 * Returns the address that a guest binds when it asks for the overlay address of its node. In a function, the
 * supervisor reaches the guest at whatever address it listens. A container is reached at its address in each
 * of its networks, so the overlay address stands for all of them.
 */
function boundAddress(underlay: string, isFunction: boolean): string {
  if (isFunction) return underlay;
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  return addresses.length > 1 ? '0.0.0.0' : underlay;
}

/**
 * Returns the content of the table that the process monitors read: every member that can be reached and, in a
 * function, the names that the seed resolves and the guest's account. A container needs neither: Docker's
 * resolver and the kernel serve it for every host that is not a node, and its users are the image's.
 */
export function tableViewOf(overlay: OverlayView, hostname: string, isFunction: boolean): TableView {
  const { base, mask } = rangeOf(overlay.overlay);
  const members = [...overlay.members().values()].filter(
    ({ state, id }) => state !== 'starting' || id === overlay.nodeId,
  );
  const self = overlay.members().get(overlay.nodeId);
  // While two functions of one phantom have the same host name, each resolves the name to itself, as a
  // program that binds to its host name needs a local address.
  const selfName = self && self.state !== 'up' ? hostname : undefined;
  return {
    overlayBase: base,
    overlayMask: mask,
    selfOverlay: overlay.address,
    selfUnderlay: overlay.local.address,
    selfBound: boundAddress(overlay.local.address, isFunction),
    hostname,
    account: isFunction ? ownAccount() : undefined,
    nodes: members.map(({ id, address, underlay, direct }) => ({
      id,
      overlay: address,
      self: id === overlay.nodeId,
      ...(direct ? { direct: underlay } : {}),
    })),
    names: [
      ...members.flatMap(({ names, address }) =>
        names.filter((name) => name !== selfName).map((name) => ({ name, overlay: address })),
      ),
      ...(selfName ? [{ name: selfName, overlay: overlay.address }] : []),
      ...(isFunction ? overlay.gateways().map((name) => ({ name })) : []),
    ],
  };
}
