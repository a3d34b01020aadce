import { createHash } from 'node:crypto';
import {
  AWS_CREDENTIALS_FILE,
  CONFIG_VARIABLE,
  KEY_FILE,
  type NodeConfig,
  RELAY_SERVICE,
  type TwinOrigin,
} from '../../../supervisor/published/node-config.ts';
import type { FunctionShape } from '../../../supervisor/published/twin-names.ts';
import type { ImageFacts } from '../../engine/images.ts';
import { guestCommand } from '../guest-command.ts';
import type { OwnImages } from '../images-file.ts';
import type { Model, Service } from '../model.ts';
import { OWN_NETWORK } from '../own-names.ts';
import { functionMemory, type ProjectSettings, type ServiceSettings } from '../settings.ts';
import { namesByNetwork, networksOf } from './addresses.ts';
import { imageByPluginOnly } from './image-of-function.ts';
import type { LambdaAccess } from './lambda-access.ts';
import { memoryResets } from './memory.ts';
import { movedPaths, travellingPaths } from './moved-paths.ts';
import { renewalOf } from './renewal.ts';
import { watchedAnew } from './watched.ts';

export const BOXER = '/opt/boxer/bin/boxer';
export const RUNTIME_VOLUME = 'boxer-runtime';
/** Name of the secret with the seed's key. */
export const PROJECT_SECRET = 'boxer-key';
/** Name of the secret with a service's key. */
export const keySecret = (service: string) => `boxer-key-${service}`;

/** Name of the secret with the credentials for Lambda. */
export const AWS_SECRET = 'boxer-aws';

/** A boxed service with the data for its part of the override. */
export interface Boxed {
  name: string;
  service: Service;
  settings: ServiceSettings;
  image: ImageFacts;
  /** Tag of the twin; undefined for target container. */
  twin: string | undefined;
}

/** The data that all boxed services of a project share. */
export interface BoxedPlace {
  model: Model;
  project: string;
  /** The project directory, absolute. */
  directory: string;
  settings: ProjectSettings;
  access: LambdaAccess;
  keyId: string;
  images: OwnImages;
  runtimeId: string;
}

/** The part of the override for one boxed service: only the keys that change. */
export function boxedService(boxed: Boxed, place: BoxedPlace): Record<string, unknown> {
  const { name, service, image, twin } = boxed;
  const { settings, access, keyId } = place;
  const { entrypoint, command } = guestCommand(service, image);
  const config = nodeConfiguration(boxed, place);
  return {
    entrypoint: [BOXER, twin === undefined ? 'node' : 'phantom', '--', ...entrypoint],
    // The service's own command stays where it is, so that `run service other-command` replaces it.
    ...((service.command ?? []).length === 0 && command.length > 0 ? { command } : {}),
    environment: { [CONFIG_VARIABLE]: JSON.stringify(config) },
    networks: addedNetworks(service),
    volumes: [`${RUNTIME_VOLUME}:/opt/boxer:ro`],
    secrets: [
      { source: keySecret(name), target: KEY_FILE },
      ...(twin !== undefined && access.credentials
        ? [{ source: AWS_SECRET, target: AWS_CREDENTIALS_FILE }]
        : []),
    ],
    ...writableTmp(service),
    depends_on: Object.fromEntries(
      // Compose stops these services after the boxed one, so that its last bytes still arrive.
      [
        'boxer-seed',
        ...(settings.relays === 0 ? [] : [RELAY_SERVICE]),
        ...(twin === undefined || access.lambdaService === undefined ? [] : ['boxer-lambda']),
      ].map((other) => [other, { condition: 'service_started' }]),
    ),
    labels: {
      'io.boxer.target': boxed.settings.target,
      'io.boxer.digest': digest([config, image.id, keyId]),
    },
    ...(twin !== undefined && access.madeBy === 'plugin' ? imageByPluginOnly(service) : {}),
    ...(twin === undefined ? {} : { ...memoryResets(service), ...watchedAnew(service, place.directory) }),
  };
}

/** Boxer's network. `default` is added for a service without networks, which would lose it otherwise. */
function addedNetworks(service: Service): Record<string, null> {
  const own = networksOf(service);
  const implicit = own.length === 1 && own[0] === 'default' && !service.networks?.default;
  return { ...(implicit ? { default: null } : {}), [OWN_NETWORK]: null };
}

/** Adds a tmpfs at /tmp if the root is read-only, because the supervisor writes there. */
function writableTmp(service: Service): { tmpfs?: string[] } {
  const mounted = [
    ...[service.tmpfs ?? []].flat().map((entry) => entry.split(':')[0]),
    ...(service.volumes ?? []).map(({ target }) => target),
  ];
  return service.read_only === true && !mounted.includes('/tmp') ? { tmpfs: ['/tmp'] } : {};
}

/** A digest for a label: Compose recreates a container when a label changes, but not when x-boxer changes. */
const digest = (parts: unknown) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

function nodeConfiguration(boxed: Boxed, place: BoxedPlace): NodeConfig {
  const { name, service, settings: own } = boxed;
  const files = travellingPaths(service);
  const names = [...(service.hostname === undefined ? [] : [service.hostname]), ...own.names];
  return {
    version: 1,
    project: place.project,
    service: name,
    networks: namesByNetwork(place.model, name, service, names),
    environment: own.environment,
    remap: boxed.twin === undefined ? own.remap : { ...movedPaths(service, boxed.image), ...own.remap },
    ...(boxed.twin === undefined || files.length === 0 ? {} : { files }),
    ...(own.waitFor === undefined ? {} : { waitFor: own.waitFor }),
    ...(boxed.twin === undefined ? {} : { renewal: renewalOf(service, boxed.image, own) }),
    ...(boxed.twin === undefined ? {} : { twin: twinConfiguration(boxed, boxed.twin, place) }),
  };
}

/** The function's settings in Lambda's units. `imageUri` is the tag of the twin on this engine. */
export function functionShape({ service, settings: own }: Boxed, imageUri: string): FunctionShape {
  const limit = service.deploy?.resources?.limits?.memory ?? service.mem_limit;
  return {
    imageUri,
    memorySize: functionMemory(own, limit === undefined ? undefined : Number(limit)),
    timeout: own.timeout,
    ephemeralStorage: own.ephemeralStorage,
  };
}

function twinConfiguration(
  boxed: Boxed,
  imageUri: string,
  { project, access, images, runtimeId }: BoxedPlace,
): NonNullable<NodeConfig['twin']> {
  const shape = functionShape(boxed, imageUri);
  const { region, endpoint } = access;
  const byPhantoms = access.madeBy === 'phantoms';
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(access.credentials ? { credentials: AWS_CREDENTIALS_FILE } : {}),
    region,
    functionName: access.functionName(project, boxed.name, shape),
    ...shape,
    createIfMissing: byPhantoms,
    ...(byPhantoms ? { origin: originOf(boxed, images, runtimeId) } : {}),
  };
}

/** The data from which a phantom has a new twin built after plain Compose has built another image. */
function originOf({ service, image }: Boxed, images: OwnImages, runtimeId: string): TwinOrigin {
  const { entrypoint, command, volumes, stopSignal } = image;
  const ownEntrypoint = service.entrypoint ?? undefined;
  const hidesCommand = (service.command ?? []).length > 0 || (ownEntrypoint ?? []).length > 0;
  return {
    image: image.id,
    settings: {
      ...(ownEntrypoint === undefined ? { entrypoint } : {}),
      ...(hidesCommand ? {} : { command }),
      volumes,
      ...(service.stop_signal === undefined ? { stopSignal } : {}),
    },
    runtime: (image.architecture === 'arm64' ? images.runtimeArm64 : undefined) ?? images.runtime,
    runtimeId,
  };
}
