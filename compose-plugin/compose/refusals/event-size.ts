import { travellingEnvironment } from '../../../supervisor/published/environment-filter.ts';
import type { Service } from '../model.ts';
import type { ServiceSettings } from '../settings.ts';

/** The size in bytes of the command line and environment that an invocation carries from the compose file. */
export function eventBytes(service: Service, { environment }: ServiceSettings): number {
  const travelling = Object.entries(travellingEnvironment(service.environment ?? {}, environment));
  return Buffer.byteLength(JSON.stringify([travelling, service.command, service.entrypoint]));
}
