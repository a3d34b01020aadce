import { join } from 'node:path';
import { AWS_CREDENTIALS_FILE, CONFIG_VARIABLE, KEY_FILE } from '../../supervisor/published/node-config.ts';
import { PROBE_SERVICE, type ProbeConfig } from '../../supervisor/published/probe.ts';
import type { OwnImages } from '../compose/images-file.ts';
import { AWS_CREDENTIALS, PROJECT_KEY_FILE, serviceKeyFile } from '../compose/keys.ts';
import type { Model } from '../compose/model.ts';
import { OWN_NETWORK, STORE_VOLUME } from '../compose/own-names.ts';
import { AWS_SECRET, keySecret, PROJECT_SECRET, RUNTIME_VOLUME } from '../compose/rewrite/boxed-service.ts';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import { runtimeVolumeName } from '../compose/rewrite/override.ts';
import { seedService } from '../compose/rewrite/own-services.ts';
import type { ProjectSettings } from '../compose/settings.ts';

export interface ProbeOverrideInput {
  model: Model;
  /** Names of boxed services. */
  boxed: ReadonlySet<string>;
  settings: ProjectSettings;
  access: LambdaAccess;
  images: OwnImages;
  runtimeId: string;
  config: ProbeConfig;
  /** State folder of the project. */
  folder: string;
  keyId: string;
}

/**
 * A Compose file with the services that a probe needs: a seed without a store, the local Lambda, and the
 * container that invokes the functions. None of them needs the project's images. Pure.
 */
export function probeOverride(input: ProbeOverrideInput): object {
  const { model, boxed, settings, access, images, runtimeId, config, folder, keyId } = input;
  const alone = { ...settings, store: undefined, storeCredentials: undefined, seeds: 1, relays: 0 };
  const lambda = access.lambdaService?.(model.name, images);
  const secret = (file: string) => ({ file: join(folder, file) });
  return {
    services: {
      'boxer-seed': seedService(model, boxed, [], alone, access, images, keyId),
      ...(lambda === undefined ? {} : { 'boxer-lambda': lambda }),
      [PROBE_SERVICE]: {
        image: images.runtime,
        pull_policy: 'never',
        command: ['probe'],
        environment: { [CONFIG_VARIABLE]: JSON.stringify(config) },
        networks: { [OWN_NETWORK]: null },
        volumes: [`${RUNTIME_VOLUME}:/opt/boxer:ro`],
        secrets: [
          { source: keySecret(PROBE_SERVICE), target: KEY_FILE },
          ...(access.credentials ? [{ source: AWS_SECRET, target: AWS_CREDENTIALS_FILE }] : []),
        ],
        read_only: true,
        tmpfs: ['/tmp'],
        cap_drop: ['ALL'],
        // The key belongs to the user on the host, who is not the container's root.
        cap_add: ['DAC_READ_SEARCH'],
        labels: { [PROBE_LABEL]: 'probe' },
      },
    },
    networks: { [OWN_NETWORK]: null },
    volumes: {
      [RUNTIME_VOLUME]: { external: true, name: runtimeVolumeName(runtimeId) },
      [STORE_VOLUME]: null,
    },
    secrets: {
      [PROJECT_SECRET]: secret(PROJECT_KEY_FILE),
      [keySecret(PROBE_SERVICE)]: secret(serviceKeyFile(PROBE_SERVICE)),
      ...(access.credentials ? { [AWS_SECRET]: secret(AWS_CREDENTIALS) } : {}),
    },
  };
}

const PROBE_LABEL = 'io.boxer.role';
