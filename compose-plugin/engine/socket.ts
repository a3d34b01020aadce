import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type Docker, docker } from './docker.ts';

/** Where an engine has its socket, unless it is one of a user's own. */
export const USUAL_SOCKET = '/var/run/docker.sock';
const LOCAL = 'unix://';

/**
 * Path of the engine's socket on the engine's own side, for containers that talk to it. A rootless engine has it where its
 * user's docker finds it; one in a virtual machine (Docker Desktop, Colima) or on another host at the usual place.
 */
export async function engineSocket(engine: Docker): Promise<string> {
  if (!choosesAnEngine(engine)) return USUAL_SOCKET;
  const endpoint = await docker(engine, ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']);
  const host = endpoint.stdout.trim();
  const path = host.slice(LOCAL.length);
  if (endpoint.code !== 0 || !host.startsWith(LOCAL) || path === USUAL_SOCKET) return USUAL_SOCKET;
  const options = await docker(engine, ['info', '--format', '{{json .SecurityOptions}}']);
  return options.stdout.includes('name=rootless') ? path : USUAL_SOCKET;
}

const configuration = z.object({ currentContext: z.optional(z.string()) });

/** Whether the user means another engine than docker's default, as far as can be told without asking docker. */
function choosesAnEngine({ flags, env }: Docker): boolean {
  if (flags.length > 0 || env.DOCKER_HOST || env.DOCKER_CONTEXT) return true;
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  try {
    const { currentContext } = configuration.parse(
      JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')),
    );
    return currentContext !== undefined && currentContext !== 'default';
  } catch {
    // Most have none.
    return false;
  }
}
