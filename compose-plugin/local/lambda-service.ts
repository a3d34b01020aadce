import { OWN_NETWORK } from '../compose/own-names.ts';
import { ownServiceKeys } from '../compose/rewrite/own-service-keys.ts';
import { USUAL_SOCKET } from '../engine/endpoint.ts';

/**
 * The local Lambda as a service of the override: it starts functions on this engine and wires their networks,
 * hence its privileges.
 * @param socket the path of the engine's socket on the engine's host
 */
export function lambdaService(
  project: string,
  region: string,
  image: string,
  socket: string = USUAL_SOCKET,
): Record<string, unknown> {
  return {
    image,
    ...ownServiceKeys,
    environment: { LAMBDA_LOCAL_INSTANCE: project, LAMBDA_LOCAL_REGION: region },
    networks: { [OWN_NETWORK]: null },
    volumes: [`${socket}:${USUAL_SOCKET}`],
    pid: 'host',
    cap_add: ['NET_ADMIN', 'SYS_ADMIN', 'SYS_PTRACE'],
    security_opt: ['seccomp=unconfined', 'apparmor=unconfined'],
    stop_grace_period: '10s',
    labels: { 'io.boxer.role': 'lambda' },
  };
}
