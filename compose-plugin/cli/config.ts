import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { composeCall, runCompose } from '../compose/command.ts';
import { mayMentionBoxer } from '../compose/mentions.ts';
import { hasIntactOverride } from '../compose/standing-override.ts';
import { prepare } from '../prepare/prepare.ts';
import { previewPurpose } from '../project/purposes.ts';
import type { Context } from './context.ts';
import { runVerb } from './pass-through.ts';
import { parseVerbArguments } from './verb-arguments.ts';

/** `config`: prints the rewritten model. */
export async function config(context: Context): Promise<number> {
  const { engine, invocation, project, cwd } = context;
  if (!mayMentionBoxer(project, cwd)) return runVerb(context, []);
  const { words } = parseVerbArguments('config', invocation.args);
  const print = (extra: readonly string[]) =>
    runCompose(engine, composeCall(engine, invocation, project, extra, ['config', ...invocation.args]));
  // The override of the last call is usually still valid, so Compose starts with it at once. Compose starts
  // again only if the override has changed.
  const old = hasIntactOverride(project, cwd) ? readFileSync(project.override, 'utf8') : undefined;
  const early = old === undefined ? undefined : print([project.override]);
  early?.catch(() => undefined);
  const { override, preview } = await prepare(context, previewPurpose(words));
  const holds = override !== undefined && readFileSync(override, 'utf8') === old;
  const { code, stdout, stderr } = await ((holds && early) ||
    print(override === undefined ? [] : [override]));
  if (preview && override !== undefined) rmSync(dirname(override), { recursive: true });
  await Promise.all([
    new Promise((done) => process.stderr.write(stderr, done)),
    new Promise((done) => process.stdout.write(stdout, done)),
  ]);
  return code;
}
