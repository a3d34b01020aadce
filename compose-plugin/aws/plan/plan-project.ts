import type { ReadProject } from '../../project/project-data.ts';
import type { Work } from '../../project/work.ts';
import { connectAws } from '../connect.ts';
import { openingsOf } from '../openings.ts';
import { readAccount } from '../read-account.ts';
import { requireRoles } from '../requirements.ts';
import { scopeOf } from '../scope.ts';
import { awsPlan, awsWords } from './aws-plan.ts';
import type { Plan } from './plan.ts';
import { planned } from './planned.ts';
import { renderPlan } from './render.ts';

/**
 * Makes the plan of a project from the state of the AWS account. Changes nothing.
 * @throws BoxerError as `readAccount`, and INVALID if a function would have no role
 */
export async function planProject(
  context: Work,
  project: ReadProject,
): Promise<{ plan: Plan; text: string }> {
  const { name } = project.model;
  const settings = project.annotations.project;
  const { wanted, missingImages } = planned(project);
  requireRoles(wanted, context);
  const aws = await connectAws(context.engine, settings.region, scopeOf(name, wanted));
  const state = await readAccount(aws, wanted);
  const openings = openingsOf(settings);
  const plan = awsPlan({ project: name, region: aws.region, wanted, missingImages, state, openings });
  return { plan, text: renderPlan(plan, awsWords) };
}
