import { lookup, reverse } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

/**
 * Docker's id of this container; '' if unknown. Docker mounts files of the container from a path with the id.
 */
export function ownContainerId(): string {
  try {
    return /\/containers\/([0-9a-f]{64})\//.exec(readFileSync('/proc/self/mountinfo', 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/**
 * The container's name, which Docker's resolver gives for the container's address. Neighbours may use it as a
 * host name. Undefined if the resolver does not answer.
 */
export async function ownContainerName(): Promise<string | undefined> {
  const { address } = await lookup(hostname(), 4).catch(() => ({ address: undefined }));
  const own =
    address ??
    Object.values(networkInterfaces())
      .flat()
      .find((face) => face && !face.internal)?.address;
  if (own === undefined) return undefined;
  const names = await reverse(own).catch(() => []);
  return names[0]?.split('.')[0];
}
