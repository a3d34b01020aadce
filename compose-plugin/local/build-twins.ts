import { makeTwins } from '../project/make-twins.ts';
import type { ReadProject } from '../project/project-data.ts';
import { runtimesOf } from '../project/runtimes.ts';
import type { Work } from '../project/work.ts';

/** Builds the missing twins of a project's boxed services on this engine, where its functions run. */
export const buildTwins = (work: Work, { model, boxed, own, runtime }: ReadProject): Promise<void> =>
  makeTwins(work, model, boxed, runtimesOf(own, runtime));
