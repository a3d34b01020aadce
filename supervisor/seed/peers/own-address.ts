import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { BoxerError } from '../../published/boxer-error.ts';
import { SEED_CLOUD_NAME } from '../../published/node-config.ts';

/** The address of this container that its seeds' common name stands for; `host` where the seed listens on one only. Throws BoxerError CONFIG. */
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
