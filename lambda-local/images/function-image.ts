import * as z from 'zod/mini';
import { invalidParameter } from '../base/lambda-error.ts';
import { type Engine, EngineError } from '../engine/engine.ts';

/** What the Engine knows about a function's image. */
export interface FunctionImage {
  /** `sha256:<hex>`. As on AWS, a later push to the same tag does not change the function. */
  readonly id: string;
  /** The image URI with a digest if the image came from a registry. */
  readonly resolvedUri: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly volumes: readonly string[];
}

const list = z.optional(z.nullable(z.array(z.string())));
const inspection = z.object({
  Id: z.string(),
  Architecture: z.string(),
  RepoDigests: list,
  Config: z.object({
    Entrypoint: list,
    Cmd: list,
    Volumes: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
  }),
});

/**
 * Looks up `uri` among the images that the Engine has, without pulling. Throws InvalidParameterValueException
 * if there is none.
 */
export async function findImage(engine: Engine, uri: string): Promise<FunctionImage> {
  const found = await engine.call('GET', `/images/${encodeURI(uri)}/json`).catch((error: unknown) => {
    if (error instanceof EngineError && error.status === 404) return undefined;
    throw error;
  });
  if (found === undefined) {
    throw invalidParameter(`Source image ${uri} does not exist. Provide a valid source image.`);
  }
  const { Id, Architecture, RepoDigests, Config } = inspection.parse(found);
  return {
    id: Id,
    resolvedUri: RepoDigests?.[0] ?? `${uri.split('@')[0]}@${Id}`,
    architecture: Architecture === 'arm64' ? 'arm64' : 'x86_64',
    entryPoint: Config.Entrypoint ?? [],
    command: Config.Cmd ?? [],
    volumes: Object.keys(Config.Volumes ?? {}),
  };
}
