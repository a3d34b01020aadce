import { lookup, reverse } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

/** Docker's id of the container that this runs in, empty where it cannot be told: its files are mounted from a path with the id. */
export function ownContainerId(): string {
  try {
    return /\/containers\/([0-9a-f]{64})\//.exec(readFileSync('/proc/self/mountinfo', 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/**
 * The container's name, as Docker's own resolver tells it for the container's addresses: neighbours may use it as a host
 * name. Undefined where nothing answers.
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
