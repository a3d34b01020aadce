import { ecrRepository } from '../twin/names.ts';
import type { Aws } from './connect.ts';
import { type FunctionState, readFunction } from './functions/state.ts';
import type { AccountState } from './plan/make-plan.ts';
import { readImages } from './registry/images.ts';
import { readRepository } from './registry/repository.ts';
import type { WantedFunction } from './wanted.ts';

/** Reads the repository, images and functions of the wanted functions. Changes nothing. */
export async function readAccount(aws: Aws, wanted: readonly WantedFunction[]): Promise<AccountState> {
  const name = ecrRepository(aws.scope.project);
  // The repository comes first: it tells the account's id, which makes error messages of later calls more
  // precise.
  const repository = await readRepository(aws, name);
  if (repository?.account !== undefined) aws.scope.account = repository.account;
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
