import { relative } from 'node:path';
import * as z from 'zod/mini';
import type { Service } from '../model.ts';
import { overriding } from './tags.ts';

const trigger = z.looseObject({ action: z.string(), path: z.string() });
const develop = z.object({ watch: z.optional(z.array(trigger)) });
type Trigger = z.infer<typeof trigger>;

/**
 * `sync`, `sync+restart` and `sync+exec` copy files into a running container; the function would not get
 * them.
 */
const synchronises = ({ action }: Trigger) => action.startsWith('sync');

const triggersOf = (service: Service): Trigger[] => develop.safeParse(service.develop).data?.watch ?? [];

/** Indexes of the entries in `develop.watch` of a lambda service that synchronise files. */
export const synchronised = (service: Service): number[] =>
  triggersOf(service).flatMap((one, index) => (synchronises(one) ? [index] : []));

/**
 * `develop` of a lambda service with `rebuild` in place of every `sync` action, because a function has only
 * the files of its image. Without a build, these entries are dropped. Empty if nothing changes.
 * @param directory the project's, from which the override names what is watched
 */
export function watchedAnew(service: Service, directory: string): { develop?: unknown } {
  const triggers = triggersOf(service);
  if (!triggers.some(synchronises)) return {};
  const watch = triggers.flatMap((one) => {
    const path = relative(directory, one.path) || '.';
    if (!synchronises(one)) return [{ ...one, path }];
    if (service.build === undefined) return [];
    const { ignore, include } = one;
    return [{ path, action: 'rebuild', ...(ignore ? { ignore } : {}), ...(include ? { include } : {}) }];
  });
  return { develop: overriding({ watch }) };
}
