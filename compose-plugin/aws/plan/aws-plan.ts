import { ecrRepository } from '../../twin/names.ts';
import { actionsFor } from './actions.ts';
import { makePlan, type PlanInput } from './make-plan.ts';
import type { Plan } from './plan.ts';
import type { PlanWords } from './render.ts';

/** The plan of a project on AWS, where every image is pushed and every function has its name. Pure. */
export const awsPlan = (
  input: Pick<PlanInput, 'project' | 'region' | 'wanted' | 'missingImages' | 'state' | 'openings'>,
): Plan =>
  makePlan({
    ...input,
    provider: 'aws',
    repository: ecrRepository(input.project),
    built: new Set(),
    nameOf: ({ functionName }) => functionName,
    actionsFor,
  });

export const awsWords: PlanWords = {
  place: ({ region, account }) => `${region}, account ${account ?? 'not known yet'}`,
  costTitle: 'Cost in USD',
};
