import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { composeCall, runCompose } from '../compose/command.ts';
import { mayMentionBoxer } from '../compose/mentions.ts';
import { hasIntactOverride } from '../compose/standing-override.ts';
import type { Finished } from '../engine/command.ts';
import { prepare } from '../prepare/prepare.ts';
import { keepReading, standingReading } from '../prepare/reading.ts';
import { previewPurpose } from '../project/purposes.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/** `config`: prints the rewritten model. */
export async function config(context: Context): Promise<number> {
  const { engine, invocation, project, cwd } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const print = (extra: readonly string[]) =>
    runCompose(engine, composeCall(engine, invocation, project, extra, ['config', ...invocation.args]));
  // The override of the last call is usually still valid, so Compose starts with it at once.
  const old = hasIntactOverride(project, cwd) ? readFileSync(project.override, 'utf8') : undefined;
  const early = old === undefined ? undefined : print([project.override]);
  early?.catch(() => undefined);
  const remarks = old === undefined ? undefined : await standingReading(context, old);
  if (early === undefined || remarks === undefined) return readAgain(context, old, early, print);
  for (const remark of remarks) context.warn(remark);
  return show(await early);
}

/**
 * Reads the project, writes its override and prints what Compose makes of it. Compose starts again only if
 * the override has changed.
 */
async function readAgain(
  context: Context,
  old: string | undefined,
  early: Promise<Finished> | undefined,
  print: (extra: readonly string[]) => Promise<Finished>,
): Promise<number> {
  const { words } = parseVerbArguments('config', context.invocation.args);
  const remarks: string[] = [];
  const warn = (text: string) => {
    remarks.push(text);
    context.warn(text);
  };
  const prepared = await prepare({ ...context, warn }, previewPurpose(words));
  const { override, preview } = prepared;
  const holds = override !== undefined && readFileSync(override, 'utf8') === old;
  const printed = (holds && early) || print(override === undefined ? [] : [override]);
  await keepReading(context, prepared, remarks);
  const finished = await printed;
  if (preview && override !== undefined) rmSync(dirname(override), { recursive: true });
  return show(finished);
}

async function show({ code, stdout, stderr }: Finished): Promise<number> {
  await Promise.all([
    new Promise((done) => process.stderr.write(stderr, done)),
    new Promise((done) => process.stdout.write(stdout, done)),
  ]);
  return code;
}
