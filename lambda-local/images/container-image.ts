import * as z from 'zod/mini';
import { notFound } from '../base/lambda-error.ts';
import { type Engine, EngineError } from '../engine/engine.ts';

/** The image from which a container was made, as the Engine describes it. */
export interface ContainerImage {
  /** `sha256:<hex>` */
  readonly Id: string;
  readonly EntryPoint: readonly string[];
  readonly Command: readonly string[];
  readonly Volumes: readonly string[];
  /** '' where the image names none. */
  readonly StopSignal: string;
}

const list = z.nullish(z.array(z.string()));
const container = z.object({ Image: z.string() });
const image = z.object({
  Id: z.string(),
  Config: z.object({
    Entrypoint: list,
    Cmd: list,
    Volumes: z.nullish(z.record(z.string(), z.unknown())),
    StopSignal: z.nullish(z.string()),
  }),
});

/**
 * The image from which the container `id` was made. The container's image name is not enough, because it may
 * name another image by now. Rejects with ResourceNotFoundException.
 */
export async function imageOfContainer(engine: Engine, id: string): Promise<ContainerImage> {
  const path = encodeURIComponent(id);
  const found = await engine.call('GET', `/containers/${path}/json`).catch(missing(`Container ${id}`));
  const { Image } = container.parse(found);
  const inspected = await engine.call('GET', `/images/${Image}/json`).catch(missing(`Image ${Image}`));
  const { Id, Config } = image.parse(inspected);
  return {
    Id,
    EntryPoint: Config.Entrypoint ?? [],
    Command: Config.Cmd ?? [],
    Volumes: Object.keys(Config.Volumes ?? {}),
    StopSignal: Config.StopSignal ?? '',
  };
}

const missing = (what: string) => (error: unknown) => {
  throw error instanceof EngineError && error.status === 404 ? notFound(`${what} is not there.`) : error;
};
