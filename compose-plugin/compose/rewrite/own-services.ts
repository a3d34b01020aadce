import {
  CONFIG_VARIABLE,
  KEY_FILE,
  LOG_VARIABLE,
  RELAY_SERVICE,
  type RelayConfig,
  SEED_CLOUD_NAME,
  SEED_PORT,
  type SeedConfig,
  STORE_CREDENTIALS_FILE,
} from '../../../supervisor/published/node-config.ts';
import type { OwnImages } from '../images-file.ts';
import type { Model } from '../model.ts';
import { OWN_NETWORK, STORE_VOLUME } from '../own-names.ts';
import { publishedPorts } from '../published-ports.ts';
import type { ProjectSettings } from '../settings.ts';
import { boxedNames, gateways } from './addresses.ts';
import { keySecret, PROJECT_SECRET, RUNTIME_VOLUME } from './boxed-service.ts';
import type { LambdaAccess } from './lambda-access.ts';
import { ownServiceKeys } from './own-service-keys.ts';

/**
 * Keys of the services that forward connections, the seed and the relays. They have few privileges. The size
 * of a socket's receive buffer is bounded: 4 MB are enough for about 800 Mbit/s at a round trip of 20 ms,
 * more than a function has, and the host may allow 32 MB.
 */
const forwarderKeys = (settings: ProjectSettings) => ({
  read_only: true,
  tmpfs: ['/tmp'],
  sysctls: { 'net.ipv4.tcp_rmem': '4096 131072 4194304' },
  cap_drop: ['ALL'],
  // The key is 0600 and belongs to the user on the host, who is not the container's root.
  cap_add: ['DAC_READ_SEARCH'],
  ...(settings.stopGracePeriod === undefined ? {} : { stop_grace_period: `${settings.stopGracePeriod}s` }),
});

/** Name of the secret with the seed's credentials for its store. */
export const STORE_SECRET = 'boxer-store';

/** The path of the seed's volume in its container. */
const STORE_FOLDER = '/var/lib/boxer';

/**
 * The seed's settings for functions that do not share its networks; undefined without such functions.
 */
function outsidePart({ advertise, relay }: ProjectSettings, { isOutside }: Pick<LambdaAccess, 'isOutside'>) {
  if (!isOutside || advertise === undefined) return undefined;
  const { control, observers, initiators, relay: port } = publishedPorts(advertise.port, relay);
  const same = [port, ...observers].map((own) => `${own}:${own}`);
  const range = `${initiators.first}-${initiators.last}`;
  return {
    config: { advertise, observers: [...observers], relay: { ...relay, port, ports: initiators } },
    ports: [`${control}:${SEED_PORT}`, ...same, `${range}:${range}`],
  };
}

const relayPart = ({ relay }: ProjectSettings) => (Object.keys(relay).length === 0 ? {} : { relay });

/** The coordinator of the project, on every network that a boxed service is on. */
export function seedService(
  model: Model,
  boxed: ReadonlySet<string>,
  networks: readonly string[],
  settings: ProjectSettings,
  access: Pick<LambdaAccess, 'isOutside'>,
  images: OwnImages,
  keyId: string,
): Record<string, unknown> {
  const outside = outsidePart(settings, access);
  const config: SeedConfig = {
    version: 1,
    project: model.name,
    overlay: settings.network,
    port: SEED_PORT,
    gateways: gateways(model, boxed, networks),
    boxed: boxedNames(model, boxed, networks),
    store: settings.store === undefined ? { folder: STORE_FOLDER } : { nats: settings.store },
    ...relayPart(settings),
    ...outside?.config,
    ...(settings.metrics === undefined ? {} : { metrics: settings.metrics }),
  };
  return {
    image: images.runtime,
    ...ownServiceKeys,
    command: ['seed'],
    ...(settings.seeds === 1 ? {} : { deploy: { replicas: settings.seeds } }),
    environment: {
      [CONFIG_VARIABLE]: JSON.stringify(config),
      ...(settings.log === undefined ? {} : { [LOG_VARIABLE]: settings.log }),
    },
    networks: {
      ...Object.fromEntries(networks.map((network) => [network, null])),
      [OWN_NETWORK]: { aliases: [SEED_CLOUD_NAME] },
    },
    ...(outside === undefined ? {} : { ports: outside.ports }),
    volumes: [
      `${RUNTIME_VOLUME}:/opt/boxer`,
      ...(settings.store === undefined ? [`${STORE_VOLUME}:${STORE_FOLDER}`] : []),
    ],
    secrets: [
      { source: PROJECT_SECRET, target: KEY_FILE },
      ...(settings.storeCredentials === undefined
        ? []
        : [{ source: STORE_SECRET, target: STORE_CREDENTIALS_FILE }]),
    ],
    ...forwarderKeys(settings),
    labels: { 'io.boxer.role': 'seed', 'io.boxer.key': keyId },
  };
}

/** Relays besides the seed's relay. They are only on the network that stands for the internet. */
export function relayService(
  project: string,
  settings: ProjectSettings,
  image: string,
  keyId: string,
): Record<string, unknown> {
  const config: RelayConfig = { version: 1, project, ...relayPart(settings) };
  return {
    image,
    ...ownServiceKeys,
    command: ['relay'],
    scale: settings.relays,
    environment: { [CONFIG_VARIABLE]: JSON.stringify(config) },
    networks: { [OWN_NETWORK]: null },
    volumes: [`${RUNTIME_VOLUME}:/opt/boxer:ro`],
    secrets: [{ source: keySecret(RELAY_SERVICE), target: KEY_FILE }],
    ...forwarderKeys(settings),
    depends_on: { 'boxer-seed': { condition: 'service_started' } },
    labels: { 'io.boxer.role': 'relay', 'io.boxer.key': keyId },
  };
}
