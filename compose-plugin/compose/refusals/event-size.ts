import type { Service } from '../model.ts';
import type { ServiceSettings } from '../settings.ts';

/** What the Lambda API takes as the payload of one invocation, in bytes. */
export const MAX_EVENT_BYTES = 6 * 1024 * 1024;

const matches = (name: string, patterns: readonly string[]) =>
  patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name));

/** Bytes of the invocation that come from the compose file: command line and the environment that travels. */
export function eventBytes(service: Service, { environment }: ServiceSettings): number {
  const { include, exclude } = environment;
  const travelling = Object.entries(service.environment ?? {}).filter(
    ([name]) => (include.length === 0 || matches(name, include)) && !matches(name, exclude),
  );
  return Buffer.byteLength(JSON.stringify([travelling, service.command, service.entrypoint]));
}
