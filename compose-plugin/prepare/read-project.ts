import type { Context } from '../cli/context.ts';
import type { OwnImages } from '../compose/images-file.ts';
import type { Model } from '../compose/model.ts';
import { subject } from '../compose/problem.ts';
import { refusals, remarks } from '../compose/refusals/index.ts';
import { stateProblems, stateRemarks } from '../compose/refusals/state.ts';
import { problemsError } from '../compose/report.ts';
import type { Boxed } from '../compose/rewrite/boxed-service.ts';
import { type Annotations, readAnnotations } from '../compose/validate.ts';
import type { ImageFacts } from '../engine/images.ts';
import { effectiveProvider } from './provider.ts';

/** The project with everything that the rewrite and the provider work on. */
export interface ReadProject {
  model: Model;
  annotations: Annotations;
  /** Boxed services whose image is here. */
  boxed: Boxed[];
  /** Services that the call is about. */
  selected: ReadonlySet<string>;
  own: OwnImages;
  runtime: ImageFacts;
}

/**
 * The annotations, with the provider that this call means.
 * @throws BoxerError INVALID with every problem of the project
 */
export function checkedAnnotations(context: Context, model: Model): Annotations {
  const read = readAnnotations(model);
  const provider = effectiveProvider(context, read.project.provider);
  const annotations = { ...read, project: { ...read.project, provider } };
  const isBoxed = annotations.services.size > 0;
  const problems = [
    ...[...annotations.problems, ...refusals(model, annotations)],
    ...(isBoxed ? stateProblems(model, context.project) : []),
  ];
  if (problems.length > 0) throw problemsError(problems, context.project, context.cwd);
  const said = [...remarks(model, annotations), ...stateRemarks(model, context.project)];
  for (const { path, message } of isBoxed ? said : []) context.warn(`${subject(path)}: ${message}`);
  return annotations;
}
