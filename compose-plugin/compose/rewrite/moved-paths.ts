import { posix } from 'node:path';
import * as z from 'zod/mini';
import type { ImageFacts } from '../../engine/images.ts';
import type { Service } from '../model.ts';

const entry = z.looseObject({ source: z.optional(z.string()), target: z.optional(z.string()) });

/** The paths of secrets or configs in the container: an absolute target as it is, others below `base`. */
function targetsOf(list: unknown, base: string): string[] {
  const parsed = z.array(entry).safeParse(list);
  return (parsed.data ?? []).flatMap(({ source, target }) => {
    const name = target ?? source;
    return name === undefined ? [] : [posix.resolve(base, name)];
  });
}

/**
 * Paths of a lambda service whose files travel with the invocation: read-only bind mounts, secrets, configs.
 */
export function travellingPaths(service: Service): string[] {
  const binds = (service.volumes ?? []).filter(
    ({ type, read_only }) => type === 'bind' && read_only === true,
  );
  return [
    ...binds.map(({ target }) => target),
    ...targetsOf(service.secrets, '/run/secrets'),
    ...targetsOf(service.configs, '/'),
  ];
}

const BELOW_TMP = '/tmp/.boxer/mounts';
const TMP = '/tmp';

/** Boxer's folder in a twin, which never moves. */
const RUNTIME = '/opt/boxer';

/** The function's path for a path that is writable in a container. Paths below /tmp do not move. */
function realPath(path: string): string {
  return path === RUNTIME || path.startsWith(`${TMP}/`) ? path : posix.join(BELOW_TMP, path);
}

/**
 * Paths that are writable in a container and stand below /tmp in a function: tmpfs mounts, VOLUMEs of the
 * image.
 */
export function movedPaths(service: Service, image: ImageFacts): Record<string, string> {
  const tmpfs = [service.tmpfs ?? []].flat().map((mount) => mount.split(':')[0] ?? '');
  const mounts = (service.volumes ?? []).filter(({ type }) => type === 'tmpfs').map(({ target }) => target);
  const travelling = new Set(travellingPaths(service));
  const paths = [...tmpfs, ...mounts, ...image.volumes]
    .filter((path) => path !== '')
    // An image may say `/data/` or `data`, as the engine allows.
    .map((path) => posix.resolve('/', path))
    .filter((path) => path !== TMP && !travelling.has(path));
  const inside = paths.some((path) => RUNTIME.startsWith(`${path}/`)) ? [RUNTIME] : [];
  return Object.fromEntries([...paths, ...inside].map((path) => [path, realPath(path)]));
}
