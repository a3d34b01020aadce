import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { composeCall } from '../compose/command.ts';
import { AWS_CREDENTIALS } from '../compose/keys.ts';
import { mayMentionBoxer } from '../compose/mentions.ts';
import { readModel } from '../compose/read-model.ts';
import { standingName } from '../compose/standing-name.ts';
import { hasIntactOverride, isStanding, standingSkeleton } from '../compose/standing-override.ts';
import { attach } from '../engine/attached.ts';
import { removeEarlierFolder } from '../prepare/earlier-folder.ts';
import { adoptNotes, removeForsaken } from '../prepare/forsaken.ts';
import { removeLeftovers, removeStore } from '../prepare/leftovers.ts';
import { withLock } from '../prepare/lock.ts';
import { tidyTwins } from '../prepare/tidy-twins.ts';
import { providers } from '../provider/providers.ts';
import { removeTwins } from '../twin/build.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { parseVerbArguments, withoutFlags } from './verb-arguments.ts';

/**
 * `down`: runs Compose's `down` and removes what Boxer keeps outside the model. Works with any earlier state.
 */
export async function down(given: Context): Promise<number> {
  const { project, cwd, invocation } = given;
  const args = withoutFlags('down', invocation.args, ['--functions']);
  const context = { ...given, invocation: { ...invocation, args } };
  const functions = args.length < invocation.args.length;
  if (!existsSync(project.folder) && !mayMentionBoxer(project, cwd)) return runVerb(context, []);
  if (!(await isStanding(context))) return takeDown(context, functions);
  return withLock(context, 'change', 'down', () => takeDown(context, functions));
}

/** @param functions whether to remove the resources in the accounts of providers as well */
async function takeDown(context: Context, functions: boolean): Promise<number> {
  const { engine, invocation, project: place } = context;
  if (existsSync(place.folder)) adoptNotes(place);
  const { flags, words } = parseVerbArguments('down', invocation.args);
  const name = await modelName(context);
  const project = name ?? (await standingName(context));
  const compose = () =>
    name === undefined && words.length === 0 ? downByName(context, project) : downByModel(context);
  let code = await compose();
  if (code === 0) await inAccounts(context, project, words, functions);
  if (words.length > 0) return code;
  const removed = await removeLeftovers(engine, project);
  // Compose could not remove a network while a leftover container was attached to it.
  if (removed > 0 && code !== 0) code = await compose();
  // The store is removed only after a successful `down`: a remaining seed may still be writing to it.
  if (code === 0) await removeStore(engine, project);
  // No phantom is left that needs the credentials, and the next `up` writes them again.
  if (code === 0) rmSync(join(place.folder, AWS_CREDENTIALS), { force: true });
  if (code === 0) {
    removeEarlierFolder(context);
    removeForsaken(place);
  }
  if (flags.has('--rmi')) await removeTwins(engine, project);
  else if (code === 0) await tidyTwins(context, project);
  return code;
}

/**
 * Removes the resources in the accounts of providers, or names those that stay. A project that was never
 * there costs one file check for each account.
 */
async function inAccounts(
  context: Context,
  project: string,
  words: readonly string[],
  functions: boolean,
): Promise<void> {
  const accounts = providers.flatMap(({ account }) => account ?? []);
  if (functions) {
    const { region, services } = await annotated(context);
    for (const account of accounts) await account.remove(context, project, region, services, words);
  } else if (words.length === 0) {
    for (const account of accounts) {
      const text = await account.whatStays(context.project.folder);
      if (text !== undefined) context.warn(text);
    }
  }
}

/** Region and services of the compose file; no region and no services if Compose cannot read the file. */
async function annotated(context: Context): Promise<{ region: string | undefined; services: string[] }> {
  try {
    const { model } = await readModel(context.engine, context.invocation, context.project);
    const { readAnnotations } = await import('../compose/validate.ts');
    const { project, services } = readAnnotations(model);
    return { region: project.region, services: [...services.keys()] };
  } catch (error) {
    if (error instanceof BoxerError && error.code === 'MODEL') return { region: undefined, services: [] };
    throw error;
  }
}

/** The project's name in its model; undefined if Compose cannot read the model. */
async function modelName({ engine, invocation, project }: Context): Promise<string | undefined> {
  try {
    return (await readModel(engine, invocation, project)).model.name;
  } catch (error) {
    if (error instanceof BoxerError && error.code === 'MODEL') return undefined;
    throw error;
  }
}

async function downByModel(context: Context): Promise<number> {
  const { project, cwd } = context;
  if (!existsSync(project.folder)) return runVerb(context, []);
  // `--rmi all` with the override would remove Boxer's images, which other projects use and no registry has.
  const { flags } = parseVerbArguments('down', context.invocation.args);
  if (hasIntactOverride(project, cwd) && !flags.has('--rmi')) return runVerb(context, [project.override]);
  return runVerb(context, [await standingSkeleton(context)]);
}

/** Takes the project down by the labels of its containers: with -p and no file, Compose reads no file. */
function downByName({ engine, invocation, project, warn }: Context, name: string): Promise<number> {
  warn(`docker boxer: the project cannot be read; taking down what is labelled ${name}`);
  const nothing = { ...project, origin: 'none' as const, files: [] };
  const call = composeCall(
    engine,
    { ...invocation, compose: ['-p', name] },
    nothing,
    [],
    ['down', ...invocation.args],
  );
  return attach(engine, call.args, { env: call.env });
}
