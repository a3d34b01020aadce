import { accessSync, constants, existsSync, readlinkSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { atLeast } from '../../engine/versions.ts';
import type { Check } from '../../report/check.ts';
import type { Context } from '../context.ts';

/** Checks Node.js and the path where docker finds this plugin. */
export async function machineChecks({ engine, root }: Context): Promise<Check[]> {
  const node = process.versions.node;
  const folder = join(
    engine.env.DOCKER_CONFIG || join(engine.env.HOME || homedir(), '.docker'),
    'cli-plugins',
  );
  const places = [
    ...[folder, '/usr/local/lib/docker/cli-plugins', '/usr/local/libexec/docker/cli-plugins'],
    ...['/usr/lib/docker/cli-plugins', '/usr/libexec/docker/cli-plugins'],
  ].map((place) => join(place, 'docker-boxer'));
  const stub = join(root, 'compose-plugin', 'docker-boxer');
  return [
    { name: 'Node.js >= 22', ok: atLeast(node, '22'), found: node, advice: 'Install Node.js 22 or later.' },
    {
      name: 'docker CLI plugin',
      ...linked(places),
      advice: `ln -s ${stub} ${join(folder, 'docker-boxer')}`,
    },
  ];
}

function linked(places: readonly string[]): { ok: boolean; found: string } {
  const place = places.find((path) => existsSync(path) || isLink(path));
  if (place === undefined) return { ok: false, found: 'not in any plugin folder of docker' };
  try {
    accessSync(place, constants.X_OK);
    return { ok: true, found: `${place} -> ${realpathSync(place)}` };
  } catch {
    return { ok: false, found: `${place} leads nowhere or is not executable` };
  }
}

function isLink(path: string): boolean {
  try {
    return readlinkSync(path) !== '';
  } catch {
    return false;
  }
}
