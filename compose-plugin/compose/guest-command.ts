import type { ImageFacts } from '../engine/images.ts';
import type { Service } from './model.ts';

/** The command line of the application, in the two parts that Docker keeps. */
export interface GuestCommand {
  entrypoint: string[];
  command: string[];
}

/**
 * What the engine would run for this service, by its own rules: an entrypoint of the service (even `[]`) hides
 * that of the image, and one with words in it hides the image's CMD as well.
 */
export function guestCommand(service: Service, image: ImageFacts): GuestCommand {
  const own = service.entrypoint ?? undefined;
  const entrypoint = own ?? image.entrypoint;
  const given = service.command ?? [];
  if (given.length > 0) return { entrypoint, command: given };
  return { entrypoint, command: own !== undefined && own.length > 0 ? [] : image.command };
}
