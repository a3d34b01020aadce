import type { Model } from '../compose/model.ts';
import { subject } from '../compose/problem.ts';
import { refusals, remarks } from '../compose/refusals/index.ts';
import { stateProblems, stateRemarks } from '../compose/refusals/state.ts';
import { problemsError } from '../compose/report.ts';
import { type Annotations, readAnnotations } from '../compose/validate.ts';
import { effectiveProvider } from './effective-provider.ts';
import type { Work } from './work.ts';

/**
 * Reads the annotations and sets the provider of this call.
 * @throws BoxerError INVALID with every problem of the project
 */
export function checkedAnnotations(work: Work, model: Model): Annotations {
  const read = readAnnotations(model);
  const provider = effectiveProvider(work, read.project.provider);
  const annotations = { ...read, project: { ...read.project, provider } };
  const isBoxed = annotations.services.size > 0;
  const problems = [
    ...[...annotations.problems, ...refusals(model, annotations)],
    ...(isBoxed ? stateProblems(model, work.project) : []),
  ];
  if (problems.length > 0) throw problemsError(problems, work.project, work.cwd);
  const all = [...remarks(model, annotations), ...stateRemarks(model, work.project)];
  for (const { path, message } of isBoxed ? all : []) work.warn(`${subject(path)}: ${message}`);
  return annotations;
}
