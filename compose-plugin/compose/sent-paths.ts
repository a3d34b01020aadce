import { isAbsolute } from 'node:path';
import * as z from 'zod/mini';
import { type Model, type Service, servicesOf } from './model.ts';

/** A file or folder of this machine that Compose hands to a builder or to a container. */
export interface SentPath {
  /** Where the model names it. */
  at: readonly string[];
  local: string;
  /** `mount`: containers see the path itself; `copy`: images or containers get a copy. */
  how: 'mount' | 'copy';
}

const build = z.looseObject({
  context: z.optional(z.string()),
  additional_contexts: z.optional(z.record(z.string(), z.string())),
});
const develop = z.looseObject({ watch: z.optional(z.array(z.looseObject({ path: z.string() }))) });
const withFile = z.looseObject({ file: z.string() });

/** Everything that Compose may send: build contexts, bind mounts, watched folders, secrets and configs. */
export function sentPaths(model: Model): SentPath[] {
  const found = servicesOf(model).flatMap(([name, service]) => ofService(['services', name], service));
  for (const section of ['secrets', 'configs'] as const) {
    const entries = z.record(z.string(), z.unknown()).safeParse(model[section]).data ?? {};
    for (const [name, value] of Object.entries(entries)) {
      const { data } = withFile.safeParse(value);
      if (data !== undefined) found.push({ at: [section, name, 'file'], local: data.file, how: 'mount' });
    }
  }
  // Other values are URLs, images or other services.
  return found.filter(({ local }) => isAbsolute(local));
}

function ofService(base: readonly string[], service: Service): SentPath[] {
  const { context, additional_contexts: further = {} } = build.safeParse(service.build).data ?? {};
  const watched = develop.safeParse(service.develop).data?.watch ?? [];
  return [
    ...(context === undefined ? [] : [copy([...base, 'build', 'context'], context)]),
    ...Object.entries(further).map(([key, local]) =>
      copy([...base, 'build', 'additional_contexts', key], local),
    ),
    ...watched.map(({ path }, index) => copy([...base, 'develop', 'watch', String(index)], path)),
    ...(service.volumes ?? []).flatMap(({ type, source }, index): SentPath[] =>
      type === 'bind' && source !== undefined
        ? [{ at: [...base, 'volumes', String(index)], local: source, how: 'mount' }]
        : [],
    ),
  ];
}

const copy = (at: readonly string[], local: string): SentPath => ({ at, local, how: 'copy' });
