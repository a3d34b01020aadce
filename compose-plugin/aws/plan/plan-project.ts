import { inspectImages } from '../../engine/images.ts';
import { localAccess } from '../../local/access.ts';
import type { ReadProject } from '../../project/read-project.ts';
import type { Work } from '../../project/work.ts';
import { connectAws } from '../connect.ts';
import { openingsOf } from '../openings.ts';
import { readAccount } from '../read-account.ts';
import { requireRoles } from '../requirements.ts';
import { scopeOf } from '../scope.ts';
import { wantedFunctions } from '../wanted.ts';
import { makePlan, type PlanInput } from './make-plan.ts';
import type { Plan } from './plan.ts';

/**
 * Makes the plan of a project from the state of the AWS account or, with the local provider, of the engine.
 * Changes nothing.
 * @throws BoxerError as `readAccount`, and INVALID if a function would have no role
 */
export async function planProject(context: Work, project: ReadProject): Promise<Plan> {
  const { engine } = context;
  const { model, annotations, boxed, selected } = project;
  const settings = annotations.project;
  const here = boxed.filter(({ name }) => selected.has(name));
  const wanted = wantedFunctions(model, here, settings);
  const missingImages = [...annotations.services.keys()].filter(
    (name) => selected.has(name) && !boxed.some((one) => one.name === name),
  );
  const input = { project: model.name, wanted, missingImages };
  const nothing = { repository: undefined, images: new Map(), functions: new Map() };
  if (settings.provider === 'local') {
    const twins = await inspectImages(
      engine,
      wanted.map(({ twin }) => twin),
    );
    const { region } = localAccess(settings.region);
    return makePlan({ ...input, provider: 'local', region, state: nothing, built: new Set(twins.keys()) });
  }
  requireRoles(wanted, context);
  const aws = await connectAws(engine, settings.region, scopeOf(model.name, wanted));
  const state: PlanInput['state'] = await readAccount(aws, wanted);
  const openings = openingsOf(settings);
  return makePlan({ ...input, provider: 'aws', region: aws.region, state, openings, built: new Set() });
}
