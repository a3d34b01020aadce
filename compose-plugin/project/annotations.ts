import type { Model } from '../compose/model.ts';
import { subject } from '../compose/problem.ts';
import { refusals, remarks } from '../compose/refusals/index.ts';
import { problemsError } from '../compose/report.ts';
import { type Annotations, readAnnotations } from '../compose/validate.ts';
import { effectiveProvider } from './provider.ts';
import type { Work } from './work.ts';

/**
 * The annotations, with the provider that this call means.
 * @throws BoxerError INVALID with every problem of the project
 */
export function checkedAnnotations(work: Work, model: Model): Annotations {
  const read = readAnnotations(model);
  const provider = effectiveProvider(work, read.project.provider);
  const annotations = { ...read, project: { ...read.project, provider } };
  const problems = [...annotations.problems, ...refusals(model, annotations)];
  if (problems.length > 0) throw problemsError(problems, work.project, work.cwd);
  for (const { path, message } of remarks(model, annotations)) work.warn(`${subject(path)}: ${message}`);
  return annotations;
}
