import { type Docker, docker } from './docker.ts';
import { choosesAnEngine, USUAL_SOCKET } from './endpoint.ts';

const LOCAL = 'unix://';

/**
 * Path of the engine's socket on the engine's host, for containers that mount it. For a rootless engine it is
 * the path that the user's docker uses; for an engine in a virtual machine (Docker Desktop, Colima) or on
 * another host it is the usual path.
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
