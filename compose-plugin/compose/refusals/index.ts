import { MAX_EVENT_BYTES } from '../../../supervisor/published/node-config.ts';
import { type Model, type Service, servicesOf } from '../model.ts';
import { OWN_NETWORK, ownServices } from '../own-names.ts';
import type { Problem } from '../problem.ts';
import type { ServiceSettings } from '../settings.ts';
import type { Annotations } from '../validate.ts';
import { eventBytes } from './event-size.ts';
import { ignoredOnLambda, refusedOnBoxed, refusedOnLambda } from './keys.ts';
import { mountProblems } from './mounts.ts';

/** Everything of the model that cannot be kept once its boxed services are moved. */
export function refusals(model: Model, { services }: Annotations): Problem[] {
  const problems: Problem[] = [];
  for (const name of ownServices) {
    if (model.services?.[name] === undefined) continue;
    problems.push({
      path: ['services', name],
      message: 'the name is taken by Boxer',
      hint: 'Rename the service.',
    });
  }
  if (model.networks?.[OWN_NETWORK] !== undefined) {
    problems.push({
      path: ['networks', OWN_NETWORK],
      message: 'the name is taken by Boxer',
      hint: 'Rename the network.',
    });
  }
  for (const [name, settings] of services) {
    const service = model.services?.[name];
    if (service !== undefined) problems.push(...serviceProblems(name, service, settings));
  }
  return problems;
}

function serviceProblems(name: string, service: Service, settings: ServiceSettings): Problem[] {
  const lambda = settings.target === 'lambda';
  const refused = lambda ? refusedOnLambda : refusedOnBoxed;
  const problems: Problem[] = [];
  for (const [key, { why, hint }] of Object.entries(refused)) {
    if (!isSet(service[key])) continue;
    problems.push({
      path: ['services', name, key],
      message: `not possible ${lambda ? 'in a function' : 'in the box'}: ${why}`,
      hint,
    });
  }
  if (!lambda) return problems;
  problems.push(...mountProblems(name, service));
  const bytes = eventBytes(service, settings);
  if (bytes > MAX_EVENT_BYTES) {
    problems.push({
      path: ['services', name, 'environment'],
      message: `environment and command take ${megabyte(bytes)}, and a function is invoked with at most ${megabyte(MAX_EVENT_BYTES)}`,
      hint: 'Put large values into the image, or choose what travels with x-boxer.environment.',
    });
  }
  return problems;
}

/** Remarks on keys that have no effect in a function. */
export function remarks(model: Model, { services }: Annotations): Problem[] {
  return servicesOf(model).flatMap(([name, service]) =>
    services.get(name)?.target !== 'lambda'
      ? []
      : Object.entries(ignoredOnLambda)
          .filter(([key]) => isSet(service[key]))
          .map(([key, why]) => ({ path: ['services', name, key], message: `ignored: ${why}` })),
  );
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

const megabyte = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
