import type { Work } from '../project/work.ts';
import type { Aws } from './connect.ts';
import { applyFunction } from './functions/apply.ts';
import { WAIT_VARIABLE } from './functions/wait.ts';
import { withLeftovers } from './leftovers.ts';
import type { WantedFunction } from './wanted.ts';

/**
 * Creates and changes all functions at the same time, because most of the time goes into waiting for Lambda.
 * @param images service -> image URI by digest
 * @throws BoxerError the first error; its hint names the resources that exist nevertheless
 */
export async function applyFunctions(
  { engine, progress }: Pick<Work, 'engine' | 'progress'>,
  aws: Aws,
  wanted: readonly WantedFunction[],
  images: ReadonlyMap<string, string>,
  tags: Readonly<Record<string, string>>,
  repository: string,
): Promise<void> {
  const seconds = Number(engine.env[WAIT_VARIABLE]);
  const wait = seconds > 0 ? seconds : undefined;
  const results = await Promise.allSettled(
    wanted.map(async (one) => {
      const imageUri = images.get(one.service) ?? '';
      const own = { ...tags, 'boxer:service': one.service };
      await applyFunction({ aws, imageUri, tags: own, wait, say: progress }, one);
      progress(` Function ${one.functionName}  Ready`);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return;
  const made = wanted
    .filter((_, index) => results[index]?.status === 'fulfilled')
    .map(({ functionName }) => functionName);
  throw withLeftovers(failed.reason, [`repository ${repository}`, ...made.map((name) => `function ${name}`)]);
}
