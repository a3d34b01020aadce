import * as z from 'zod/mini';
import { AWS_CREDENTIALS_FILE, KEY_FILE } from '../../../supervisor/published/node-config.ts';
import { type Model, servicesOf } from '../model.ts';
import { OWN_NETWORK, ownServices, STORE_VOLUME } from '../own-names.ts';
import type { Problem } from '../problem.ts';
import type { Annotations } from '../validate.ts';

const MESSAGE = 'the name is taken by Boxer';

/**
 * Problems with names in the project and on the engine that Boxer uses: the override would merge with them.
 */
export function takenNames(model: Model, { services }: Pick<Annotations, 'services'>): Problem[] {
  const found: Problem[] = [];
  const take = (what: string, path: readonly string[]) =>
    found.push({ path, message: MESSAGE, hint: `Rename the ${what}.` });
  for (const name of ownServices) if (model.services?.[name]) take('service', ['services', name]);
  if (model.networks?.[OWN_NETWORK] !== undefined) take('network', ['networks', OWN_NETWORK]);
  if (services.size === 0) return found;
  const engineName = (value: unknown) => z.object({ name: z.string() }).safeParse(value).data?.name ?? '';
  for (const [key, value] of Object.entries(model.networks ?? {}))
    if (key !== OWN_NETWORK && engineName(value) === `${model.name}_${OWN_NETWORK}`)
      take('network', ['networks', key]);
  for (const [key, value] of Object.entries(model.volumes ?? {})) {
    const name = engineName(value);
    const isOwn = name === `${model.name}_${STORE_VOLUME}` || /^boxer-runtime-[0-9a-f]{12}$/.test(name);
    if (isOwn || key === STORE_VOLUME || key === 'boxer-runtime') take('volume', ['volumes', key]);
  }
  for (const key of Object.keys(model.secrets ?? {}))
    if (/^boxer-(key|aws|store)(-|$)/.test(key)) take('secret', ['secrets', key]);
  return [...found, ...takenPaths(model, services)];
}

/** Problems with mounts at paths of the runtime and the keys in a boxed container. */
function takenPaths(model: Model, services: Annotations['services']): Problem[] {
  const hint = 'Choose another path.';
  return servicesOf(model).flatMap(([name, { volumes = [], secrets }]) => {
    if (!services.has(name)) return [];
    const given = z.array(z.looseObject({ target: z.optional(z.string()) })).safeParse(secrets).data ?? [];
    const at = (key: string, index: number) => ['services', name, key, String(index)];
    return [
      ...volumes.map(({ target }, index) => ({ path: at('volumes', index), target })),
      ...given.map(({ target = '' }, index) => ({ path: at('secrets', index), target })),
    ].flatMap(({ path, target }) => {
      const place = target.startsWith('/') ? target : `/run/secrets/${target}`;
      const isOwn = place === KEY_FILE || place === AWS_CREDENTIALS_FILE || /^\/opt\/boxer(\/|$)/.test(place);
      return isOwn ? [{ path, message: `${place} is taken by Boxer`, hint }] : [];
    });
  });
}
