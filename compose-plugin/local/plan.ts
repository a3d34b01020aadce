import { makePlan } from '../aws/plan/make-plan.ts';
import type { Plan } from '../aws/plan/plan.ts';
import { planned } from '../aws/plan/planned.ts';
import { type PlanWords, renderPlan } from '../aws/plan/render.ts';
import { inspectImages } from '../engine/images.ts';
import type { ReadProject } from '../project/project-data.ts';
import type { Work } from '../project/work.ts';
import { localAccess } from './access.ts';

const words: PlanWords = {
  place: () => 'functions run on this engine',
  costTitle: 'Cost: none here. On AWS it would be, in USD',
};

/**
 * Makes the plan of a project from the engine's images, with the cost that it would have on AWS. Changes
 * nothing.
 */
export async function localPlan(
  { engine }: Work,
  project: ReadProject,
): Promise<{ plan: Plan; text: string }> {
  const { wanted, missingImages } = planned(project);
  const tags = wanted.map(({ twin }) => twin);
  const plan = makePlan({
    project: project.model.name,
    provider: 'local',
    region: localAccess(project.annotations.project.region).region,
    wanted,
    missingImages,
    state: { repository: undefined, images: new Map(), functions: new Map() },
    repository: undefined,
    built: new Set((await inspectImages(engine, tags)).keys()),
    // Phantoms name and make them.
    nameOf: ({ service }) => `a function of ${service}`,
    actionsFor: () => [],
  });
  return { plan, text: renderPlan(plan, words) };
}
