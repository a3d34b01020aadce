import { MAX_EVENT_BYTES } from '../../../supervisor/published/node-config.ts';
import { type Model, type Service, servicesOf } from '../model.ts';
import type { Problem } from '../problem.ts';
import { synchronised } from '../rewrite/watched.ts';
import type { ServiceSettings } from '../settings.ts';
import type { Annotations } from '../validate.ts';
import { eventBytes } from './event-size.ts';
import { ignoredOnLambda, refusedOnBoxed, refusedOnLambda } from './keys.ts';
import { mountProblems } from './mounts.ts';
import { neighbourProblems } from './neighbours.ts';
import { takenNames } from './taken-names.ts';

/** Problems with everything in the model that does not work once its boxed services are moved. */
export function refusals(model: Model, annotations: Annotations): Problem[] {
  const { services } = annotations;
  const problems = [...takenNames(model, annotations), ...neighbourProblems(model, annotations)];
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

/** Remarks on keys that have no effect, or a different effect, in a function. */
export function remarks(model: Model, { services }: Annotations): Problem[] {
  return servicesOf(model).flatMap(([name, service]) =>
    services.get(name)?.target !== 'lambda'
      ? []
      : [...ignoredRemarks(name, service), ...watchRemarks(name, service)],
  );
}

const ignoredRemarks = (name: string, service: Service): Problem[] =>
  Object.entries(ignoredOnLambda)
    .filter(([key]) => isSet(service[key]))
    .map(([key, why]) => ({ path: ['services', name, key], message: `ignored: ${why}` }));

function watchRemarks(name: string, service: Service): Problem[] {
  const becomes = service.build === undefined ? 'ignored' : 'sync becomes rebuild';
  return synchronised(service).map((index) => ({
    path: ['services', name, 'develop', 'watch', String(index)],
    message: `${becomes}: the files of a function are those of its image`,
  }));
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

const megabyte = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`;
