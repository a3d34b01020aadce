import { join } from 'node:path';
import { RELAY_SERVICE } from '../../../supervisor/published/node-config.ts';
import type { OwnImages } from '../images-file.ts';
import { AWS_CREDENTIALS, PROJECT_KEY_FILE, serviceKeyFile } from '../keys.ts';
import type { Model } from '../model.ts';
import { OWN_NETWORK, STORE_VOLUME } from '../own-names.ts';
import type { ProjectSettings } from '../settings.ts';
import { networksOf } from './addresses.ts';
import {
  AWS_SECRET,
  type Boxed,
  boxedService,
  keySecret,
  PROJECT_SECRET,
  RUNTIME_VOLUME,
} from './boxed-service.ts';
import type { LambdaAccess } from './lambda-access.ts';
import { relayService, STORE_SECRET, seedService } from './own-services.ts';

/** The data from which the override is made. */
export interface RewriteInput {
  model: Model;
  /** Boxed services that can be written now, in the model's order. */
  boxed: readonly Boxed[];
  /** All boxed services, including those without an image yet: none of them is a gateway. */
  boxedNames: ReadonlySet<string>;
  settings: ProjectSettings;
  access: LambdaAccess;
  images: OwnImages;
  runtimeId: string;
  /** The project's directory, absolute. */
  directory: string;
  /** State folder of the project; the override names its files by absolute paths. */
  folder: string;
  /** Id of the project key: a new key recreates every container that holds a key. */
  keyId: string;
}

/** The runtime's volume, shared by all projects because filling it takes longer than starting a service. */
export const runtimeVolumeName = (runtimeId: string) =>
  `boxer-runtime-${runtimeId.replace(/^sha256:/, '').slice(0, 12)}`;

/** Services that have a key of their own. */
export const keyHolders = (boxed: readonly Boxed[], { relays }: ProjectSettings): string[] => [
  ...boxed.map(({ name }) => name),
  ...(relays === 0 ? [] : [RELAY_SERVICE]),
];

/** The override: a Compose file that moves the boxed services and adds Boxer's own. Pure. */
export function override(input: RewriteInput) {
  const { model, boxed, boxedNames, settings, access, images, runtimeId, folder, keyId } = input;
  const place = {
    model,
    project: model.name,
    directory: input.directory,
    settings,
    access,
    keyId,
    images,
    runtimeId,
  };
  const networks = [...new Set(boxed.flatMap(({ service }) => networksOf(service)))].sort();
  const hasFunctions = boxed.some(({ twin }) => twin !== undefined);
  const lambda = hasFunctions ? access.lambdaService?.(model.name, images) : undefined;
  return {
    services: {
      ...Object.fromEntries(boxed.map((one) => [one.name, boxedService(one, place)])),
      'boxer-seed': seedService(model, boxedNames, networks, settings, access, images, keyId),
      ...(settings.relays === 0
        ? {}
        : { [RELAY_SERVICE]: relayService(model.name, settings, images.runtime, keyId) }),
      ...(lambda === undefined ? {} : { 'boxer-lambda': lambda }),
    },
    networks: { [OWN_NETWORK]: null },
    volumes: {
      [RUNTIME_VOLUME]: { external: true, name: runtimeVolumeName(runtimeId) },
      ...(settings.store === undefined ? { [STORE_VOLUME]: null } : {}),
    },
    secrets: Object.fromEntries([
      ...(access.credentials ? [[AWS_SECRET, { file: join(folder, AWS_CREDENTIALS) }]] : []),
      [PROJECT_SECRET, { file: join(folder, PROJECT_KEY_FILE) }],
      ...(settings.storeCredentials === undefined
        ? []
        : [[STORE_SECRET, { file: settings.storeCredentials }]]),
      ...keyHolders(boxed, settings).map((name) => [
        keySecret(name),
        { file: join(folder, serviceKeyFile(name)) },
      ]),
    ]),
  };
}
