import { newServiceIdentity, pskOf } from '../control/psk.ts';
import { SEED_CLOUD_NAME, SEED_PORT } from '../published/node-config.ts';

/** The seed's container starts before ours; a loaded machine may still take its time. */
const SEED_TIMEOUT_MS = 30_000;

/** How a container of `service` reaches the seed and shows that it belongs to the service, whose key it has. */
export function seedContact(service: string, serviceKey: Buffer) {
  const identity = newServiceIdentity(service);
  return {
    seed: { host: SEED_CLOUD_NAME, port: SEED_PORT },
    identity,
    key: pskOf(serviceKey, identity),
    retryFor: SEED_TIMEOUT_MS,
  };
}
