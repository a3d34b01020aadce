import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { dockerOutput } from '../engine/docker.ts';
import type { OverrideContext } from './override-context.ts';

/** The project's name where its model cannot be read: as its containers have it, else as Compose would make it. */
export async function projectName(context: OverrideContext): Promise<string> {
  const { engine, invocation, project } = context;
  const given = invocation.projectName ?? engine.env.COMPOSE_PROJECT_NAME;
  if (given) return given;
  const listed = await dockerOutput(engine, [
    ...['ps', '--all', '--filter', `label=com.docker.compose.project.working_dir=${project.directory}`],
    ...['--format', '{{.Label "com.docker.compose.project"}}'],
  ]);
  const running = listed.split('\n').find((name) => name !== '');
  return running ?? writtenName(context) ?? normalised(basename(project.directory));
}

/** A top-level `name:`, found without parsing: the file may be broken elsewhere. */
function writtenName({ project, cwd }: OverrideContext): string | undefined {
  for (const file of [...project.files].reverse()) {
    try {
      const [, name] =
        /^name:\s*["']?([a-z0-9][a-z0-9_-]*)["']?\s*(#.*)?$/m.exec(
          readFileSync(resolve(cwd, file), 'utf8'),
        ) ?? [];
      if (name !== undefined) return name;
    } catch {
      // The next file, then.
    }
  }
  return undefined;
}

/** As Compose makes a name of a folder's. */
const normalised = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
