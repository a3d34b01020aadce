import { ecrRepository } from '../twin/names.ts';
import type { Aws } from './connect.ts';
import { type FunctionState, readFunction } from './functions/state.ts';
import type { AccountState } from './plan/make-plan.ts';
import { readImages } from './registry/images.ts';
import { readRepository } from './registry/repository.ts';
import type { WantedFunction } from './wanted.ts';

/** Looks at everything in the account that the wanted functions are made of. Changes nothing. */
export async function readAccount(aws: Aws, wanted: readonly WantedFunction[]): Promise<AccountState> {
  const name = ecrRepository(aws.scope.project);
  // The repository first: its account makes what the other calls may have to say more precise.
  const repository = await readRepository(aws, name);
  if (repository !== undefined && repository.account !== '') aws.scope.account = repository.account;
  const [images, ...states] = await Promise.all([
    repository === undefined ? new Map() : readImages(aws, name),
    ...wanted.map(({ functionName }) => readFunction(aws, functionName)),
  ]);
  const functions = new Map<string, FunctionState>();
  wanted.forEach(({ functionName }, index) => {
    const state = states[index];
    if (state !== undefined) functions.set(functionName, state);
  });
  return { repository, images, functions };
}
