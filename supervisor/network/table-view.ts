import type { Overlay } from '../coordination/join.ts';
import type { TableView } from '../service/shared-table.ts';

/** Base and mask of an IPv4 range in CIDR form, both dotted. */
export function rangeOf(cidr: string): { base: string; mask: string } {
  const [base = '0.0.0.0', bits = '32'] = cidr.split('/');
  const mask = (0xffffffff << (32 - Number(bits))) >>> 0;
  return { base, mask: [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.') };
}

/**
 * What the process monitors may know of the overlay: every member that is up and, where the node `asks`, the names that the seed
 * resolves. A container does not: Docker's own resolver and the kernel serve it for whatever is no node.
 */
export function tableViewOf(overlay: Overlay, hostname: string, asks: boolean): TableView {
  const { base, mask } = rangeOf(overlay.overlay);
  const members = [...overlay.members().values()].filter(
    ({ state, id }) => state === 'up' || id === overlay.nodeId,
  );
  return {
    overlayBase: base,
    overlayMask: mask,
    selfOverlay: overlay.address,
    selfUnderlay: overlay.local.address,
    hostname,
    nodes: members.map(({ id, address, underlay, direct }) => ({
      id,
      overlay: address,
      self: id === overlay.nodeId,
      ...(direct && id !== overlay.nodeId ? { direct: underlay } : {}),
    })),
    names: [
      ...members.flatMap(({ names, address }) => names.map((name) => ({ name, overlay: address }))),
      ...(asks ? overlay.gateways().map((name) => ({ name })) : []),
    ],
  };
}
