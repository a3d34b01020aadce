import { travellingEnvironment } from '../../../supervisor/published/environment-filter.ts';
import type { Service } from '../model.ts';
import type { ServiceSettings } from '../settings.ts';

/** Bytes of the invocation that come from the compose file: command line and the environment that travels. */
export function eventBytes(service: Service, { environment }: ServiceSettings): number {
  const travelling = Object.entries(travellingEnvironment(service.environment ?? {}, environment));
  return Buffer.byteLength(JSON.stringify([travelling, service.command, service.entrypoint]));
}
