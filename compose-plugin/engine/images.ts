import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { askEngine } from './api.ts';
import { type Docker, docker, engineError } from './docker.ts';
import { imagePath } from './image-ids.ts';

const argv = z.nullish(z.array(z.string()));
const inspected = z.object({
  Id: z.string(),
  Architecture: z.string(),
  Size: z.number(),
  Config: z.nullish(
    z.object({
      ...{ Entrypoint: argv, Cmd: argv },
      Volumes: z.nullish(z.record(z.string(), z.unknown())),
      StopSignal: z.nullish(z.string()),
      OnBuild: argv,
      WorkingDir: z.nullish(z.string()),
      User: z.nullish(z.string()),
    }),
  ),
});

/** The facts about an image that the rewrite needs. */
export interface ImageFacts {
  /** `sha256:...` */
  id: string;
  /** As Docker calls it: `amd64`, `arm64`. */
  architecture: string;
  /** bytes, unpacked */
  size: number;
  entrypoint: string[];
  command: string[];
  /** Paths that the image declares as VOLUME. */
  volumes: string[];
  /** STOPSIGNAL of the image; '': none. */
  stopSignal: string;
  /** Whether the image has ONBUILD triggers. */
  triggers: boolean;
  workingDirectory: string;
  /** USER of the image; '': root. */
  user: string;
}

/**
 * Inspects images. An image that the engine does not have is missing from the answer.
 * @throws BoxerError NO_ENGINE, ENGINE
 */
export async function inspectImages(
  engine: Docker,
  names: readonly string[],
): Promise<Map<string, ImageFacts>> {
  const unique = [...new Set(names)];
  if (unique.length === 0) return new Map();
  const found = await askEngine(engine, unique.map(imagePath));
  if (!found) return inspectByDocker(engine, unique);
  return new Map(
    unique.flatMap((name, index) => (found[index] === undefined ? [] : [[name, facts(found[index])]])),
  );
}

async function inspectByDocker(engine: Docker, unique: readonly string[]): Promise<Map<string, ImageFacts>> {
  const args = ['image', 'inspect', '--format', '{{json .}}', ...unique];
  const { code, stdout, stderr } = await docker(engine, args);
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (code === 0 && lines.length === unique.length) {
    return new Map(unique.map((name, index) => [name, facts(JSON.parse(lines[index] ?? 'null'))]));
  }
  if (code !== 0 && !/no such image/i.test(stderr)) throw engineError(args, stderr);
  // Answers carry no names, and missing images leave gaps, so each image is inspected separately.
  if (unique.length === 1) return new Map();
  const single = await Promise.all(unique.map((name) => inspectByDocker(engine, [name])));
  return new Map(single.flatMap((one) => [...one]));
}

function facts(found: unknown): ImageFacts {
  const image = inspected.safeParse(found).data;
  if (image === undefined) throw new BoxerError('ENGINE', 'docker image inspect answered something unknown');
  return {
    id: image.Id,
    architecture: image.Architecture,
    size: image.Size,
    entrypoint: image.Config?.Entrypoint ?? [],
    command: image.Config?.Cmd ?? [],
    volumes: Object.keys(image.Config?.Volumes ?? {}),
    stopSignal: image.Config?.StopSignal ?? '',
    triggers: (image.Config?.OnBuild ?? []).length > 0,
    workingDirectory: image.Config?.WorkingDir || '/',
    user: image.Config?.User ?? '',
  };
}
