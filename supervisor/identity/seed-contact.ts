import { newServiceIdentity, pskOf } from '../control/psk.ts';
import { SEED_CLOUD_NAME, SEED_PORT } from '../published/node-config.ts';

/**
 * How long to wait for the seed. Its container starts earlier than this one, but a loaded machine may be
 * slow.
 */
const SEED_TIMEOUT_MS = 30_000;

/**
 * The address of the seed, and the identity with which a container of `service` proves that it has the
 * service's key.
 */
export function seedContact(service: string, serviceKey: Buffer) {
  const identity = newServiceIdentity(service);
  return {
    seed: { host: SEED_CLOUD_NAME, port: SEED_PORT },
    identity,
    key: pskOf(serviceKey, identity),
    retryFor: SEED_TIMEOUT_MS,
  };
}
