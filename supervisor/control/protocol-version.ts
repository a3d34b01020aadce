import { ControlError } from './control-error.ts';

/** The versions of the protocol that one side speaks: all from `oldest` to `newest`. */
export interface VersionRange {
  readonly oldest: number;
  readonly newest: number;
}

export const VERSIONS: VersionRange = { oldest: 1, newest: 1 };

/**
 * Returns the newest version that both sides speak.
 * @throws ControlError EPROTONOSUPPORT, which names both ranges, if the sides have no version in common.
 */
export function negotiate(peer: VersionRange, own: VersionRange = VERSIONS): number {
  const version = Math.min(peer.newest, own.newest);
  if (version >= Math.max(peer.oldest, own.oldest)) return version;
  throw new ControlError('EPROTONOSUPPORT', `protocol version ${show(peer)}; this side speaks ${show(own)}`);
}

const show = ({ oldest, newest }: VersionRange) =>
  oldest === newest ? `${newest}` : `${oldest} to ${newest}`;
