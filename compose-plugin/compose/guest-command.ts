import type { ImageFacts } from '../engine/images.ts';
import type { Service } from './model.ts';

/** The command line of the application, in the two parts that Docker keeps. */
export interface GuestCommand {
  entrypoint: string[];
  command: string[];
}

/**
 * The command line that the engine would run for a service. An entrypoint of the service (even `[]`) replaces
 * the image's entrypoint; a non-empty one hides the image's CMD as well.
 */
export function guestCommand(service: Service, image: ImageFacts): GuestCommand {
  const own = service.entrypoint ?? undefined;
  const entrypoint = own ?? image.entrypoint;
  const given = service.command ?? [];
  if (given.length > 0) return { entrypoint, command: given };
  return { entrypoint, command: own !== undefined && own.length > 0 ? [] : image.command };
}
