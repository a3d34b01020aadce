import { BoxerError } from '../../../supervisor/published/boxer-error.ts';
import { readModel } from '../../compose/read-model.ts';
import { refusals } from '../../compose/refusals/index.ts';
import { stateProblems } from '../../compose/refusals/state.ts';
import { problemsError } from '../../compose/report.ts';
import { readAnnotations } from '../../compose/validate.ts';
import type { Check } from '../../report/check.ts';
import type { Context } from '../context.ts';

/**
 * Checks the project of this directory, if any. Needs no images, so the check works before the first `up`.
 */
export async function projectCheck({ engine, invocation, project, cwd }: Context): Promise<Check[]> {
  if (project.files.length === 0) return [];
  const check = { name: 'project', advice: 'Correct the compose file.' };
  try {
    const { model } = await readModel(engine, invocation, project);
    const annotations = readAnnotations(model);
    const problems = [
      ...annotations.problems,
      ...refusals(model, annotations),
      ...stateProblems(model, project),
    ];
    if (problems.length > 0) throw problemsError(problems, project, cwd);
    const boxed = annotations.services.size;
    return [{ ...check, ok: true, found: `${model.name}: ${boxed} boxed service${boxed === 1 ? '' : 's'}` }];
  } catch (error) {
    if (!(error instanceof BoxerError)) throw error;
    return [{ ...check, ok: false, found: error.message, advice: error.hint ?? check.advice }];
  }
}
