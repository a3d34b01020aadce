import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { NodeConfig } from '../../supervisor/published/node-config.ts';
import { imageOf, type Model, type Service } from '../compose/model.ts';
import { type Boxed, functionShape } from '../compose/rewrite/boxed-service.ts';
import { renewalOf } from '../compose/rewrite/renewal.ts';
import type { Architecture, ProjectSettings } from '../compose/settings.ts';
import { awsFunctionName } from '../twin/names.ts';

/** A function as the project wants it. */
export interface WantedFunction {
  service: string;
  functionName: string;
  /** The service's own image. */
  image: string;
  /** bytes, unpacked, without the runtime */
  imageSize: number;
  /** Tag of the twin on this engine. */
  twin: string;
  /** MB, seconds, MB */
  memorySize: number;
  timeout: number;
  ephemeralStorage: number;
  architecture: Architecture;
  /** ARN; undefined: the project names no role. Only AWS needs one. */
  role: string | undefined;
  concurrency: number | undefined;
  /** Declared scale. */
  replicas: number;
  renewal: NodeConfig['renewal'];
}

/**
 * The functions of a project's boxed services, in the model's order.
 * @throws BoxerError ARCHITECTURE where an image is not built for the processor that x-boxer names
 */
export function wantedFunctions(
  model: Model,
  boxed: readonly Boxed[],
  settings: Pick<ProjectSettings, 'role'>,
): WantedFunction[] {
  return boxed.flatMap((one) => {
    const { name, service, image, twin } = one;
    if (twin === undefined) return [];
    const { imageUri, ...shape } = functionShape(one, twin);
    return [
      {
        service: name,
        functionName: awsFunctionName(model.name, name),
        image: imageOf(model, name, service),
        imageSize: image.size,
        twin: imageUri,
        ...shape,
        architecture: architectureOf(one),
        role: one.settings.role ?? settings.role,
        concurrency: one.settings.concurrency,
        replicas: declaredScale(service),
        renewal: renewalOf(service, image, one.settings),
      },
    ];
  });
}

const lambdaNames: Readonly<Record<string, Architecture>> = { amd64: 'x86_64', arm64: 'arm64' };

function architectureOf({ name, image, settings }: Boxed): Architecture {
  const own = lambdaNames[image.architecture];
  const wanted = settings.architecture ?? own;
  if (own !== undefined && wanted === own) return own;
  throw new BoxerError(
    'ARCHITECTURE',
    `service "${name}": its image is built for ${own ?? image.architecture}, and the function is to ` +
      `run on ${wanted ?? 'x86_64 or arm64'}`,
    {
      hint:
        `Build or pull the image with \`platform: ` +
        `linux/${wanted === 'arm64' ? 'arm64' : 'amd64'}\`, or change x-boxer.architecture.`,
    },
  );
}

/** The scale by Compose's rule: `scale`, else `deploy.replicas`, else one. */
function declaredScale(service: Service): number {
  const replicas = service.deploy?.replicas;
  const found = service.scale ?? replicas;
  return typeof found === 'number' ? found : 1;
}
