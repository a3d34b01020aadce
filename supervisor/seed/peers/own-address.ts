import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { BoxerError } from '../../published/boxer-error.ts';
import { SEED_CLOUD_NAME } from '../../published/node-config.ts';

/**
 * Resolves to the address of this container on the network `boxer`, or to `host` if the seed listens on that
 * address only. Rejects with BoxerError CONFIG if there is none.
 */
export async function ownAddress(host: string | undefined): Promise<string> {
  if (host !== undefined) return host;
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((faces) => faces?.map(({ address }) => address) ?? []),
  );
  const seeds = await lookup(SEED_CLOUD_NAME, { all: true, family: 4 }).catch(() => []);
  const found = seeds.find(({ address }) => own.has(address));
  if (found) return found.address;
  throw new BoxerError('CONFIG', `none of this container's addresses is one of ${SEED_CLOUD_NAME}`);
}
