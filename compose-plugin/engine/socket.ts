import { type Docker, docker } from './docker.ts';
import { choosesAnEngine, USUAL_SOCKET } from './endpoint.ts';

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
