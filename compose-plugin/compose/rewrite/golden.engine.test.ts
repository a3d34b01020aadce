import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { awsRules } from '../../aws/function-rules.ts';
import type { Docker } from '../../engine/docker.ts';
import type { ImageFacts } from '../../engine/images.ts';
import { parseInvocation } from '../../invocation/invocation.ts';
import { localAccess } from '../../local/access.ts';
import { boxedServices } from '../../project/boxed-services.ts';
import { composeCall, runCompose } from '../command.ts';
import { servicesOf } from '../model.ts';
import { findProject } from '../project.ts';
import { readModel } from '../read-model.ts';
import { refusals } from '../refusals/index.ts';
import { readAnnotations } from '../validate.ts';
import { override } from './override.ts';
import { serialise } from './serialise.ts';

// Each folder holds a project and what Compose makes of it together with its override. To accept a change:
// GOLDEN=write npm test -- golden
const goldens = join(import.meta.dirname, 'golden');
const engine: Docker = {
  flags: [],
  context: undefined,
  env: process.env,
  signal: new AbortController().signal,
};
const image: ImageFacts = {
  id: 'sha256:0123',
  architecture: 'amd64',
  size: 1,
  entrypoint: ['/entry.sh'],
  command: ['serve', '$HOME'],
  volumes: ['/var/lib/data'],
  stopSignal: '',
  triggers: false,
  workingDirectory: '/',
  user: '',
};

async function rewritten(directory: string): Promise<{ bytes: string; config: string }> {
  const invocation = parseInvocation(['boxer', '--profile', 'extra', 'config']);
  const project = findProject(
    invocation,
    { ...process.env, XDG_STATE_HOME: `${directory}-state` },
    directory,
  );
  const { model } = await readModel(engine, invocation, project);
  const annotations = readAnnotations(model);
  expect([...annotations.problems, ...refusals(model, annotations)]).toEqual([]);
  const facts = new Map(servicesOf(model).map(([name]) => [name, image]));
  const runtimeId = 'sha256:abcdef0123456789';
  const bytes = serialise(
    override({
      model,
      boxed: boxedServices(model, annotations, facts, runtimeId),
      boxedNames: new Set(annotations.services.keys()),
      settings: annotations.project,
      access:
        annotations.project.provider === 'local'
          ? localAccess(annotations.project.region)
          : { ...awsRules, region: 'us-east-1', endpoint: undefined, credentials: true },
      images: { runtime: 'boxer/runtime:1', lambdaLocal: 'boxer/lambda-local:1' },
      runtimeId,
      ...{ directory, folder: '/state/project', keyId: 'fedcba9876543210' },
    }),
    'none',
  );
  mkdirSync(project.folder, { recursive: true });
  writeFileSync(project.override, bytes);
  const { stdout, stderr, code } = await runCompose(
    engine,
    composeCall(engine, invocation, project, [project.override], ['config']),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { bytes, config: stdout.replaceAll(directory, '/project') };
}

test.each(readdirSync(goldens))('%s', async (name) => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'boxer-golden-')));
  try {
    cpSync(join(goldens, name), directory, { recursive: true });
    rmSync(join(directory, 'rewritten.golden'), { force: true });
    const { bytes, config } = await rewritten(directory);
    expect(bytes).not.toContain(directory);
    expect((await rewritten(directory)).bytes).toBe(bytes);
    const file = join(goldens, name, 'rewritten.golden');
    if (process.env.GOLDEN === 'write' || !existsSync(file)) writeFileSync(file, config);
    // Only the content is compared, because versions of Compose quote and order differently.
    expect(parse(config)).toEqual(parse(readFileSync(file, 'utf8')));
  } finally {
    for (const made of [directory, `${directory}-state`]) rmSync(made, { recursive: true });
  }
});
