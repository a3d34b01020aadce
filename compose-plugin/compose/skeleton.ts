import { type Model, servicesOf } from './model.ts';
import type { OverrideContext } from './override-context.ts';
import { OWN_NETWORK, ownServices } from './own-names.ts';
import { readModel } from './read-model.ts';
import { serialise } from './rewrite/serialise.ts';
import { writeAtomically } from './write-atomically.ts';

/**
 * Writes an override that can start nothing, for verbs that list, stop or remove containers. It needs neither
 * a
 * valid x-boxer nor images. The order matters: phantoms stop before the Lambda that runs their functions.
 */
export async function writeSkeleton(context: OverrideContext, file: string): Promise<string> {
  const { model } = await readModel(context.engine, context.invocation, context.project);
  writeAtomically(file, serialise(skeleton(model), 'none'));
  return file;
}

function skeleton(model: Model): unknown {
  const started = { condition: 'service_started', required: false };
  const own = { image: 'boxer/skeleton', networks: { [OWN_NETWORK]: null } };
  const boxed = servicesOf(model).filter(([, service]) => 'x-boxer' in service);
  return {
    services: {
      ...Object.fromEntries(
        boxed.map(([name]) => [
          name,
          { depends_on: Object.fromEntries(ownServices.map((own) => [own, started])) },
        ]),
      ),
      ...Object.fromEntries(ownServices.map((name) => [name, own])),
    },
    networks: { [OWN_NETWORK]: null },
  };
}
