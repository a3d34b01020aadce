import { askEngine } from './api.ts';
import type { Docker } from './docker.ts';
import { memberOf } from './member-of.ts';

/** The path at which the API inspects an image. */
export const imagePath = (name: string) => `/images/${encodeURI(name)}/json`;

/**
 * Whether every name still stands for the image with its id. False also if the engine cannot be asked
 * directly: the caller then asks for more, and docker explains what is wrong.
 * @throws BoxerError CANCELLED
 */
export async function hasImages(engine: Docker, ids: Readonly<Record<string, string>>): Promise<boolean> {
  const found = await askEngine(engine, Object.keys(ids).map(imagePath));
  return found !== undefined && Object.values(ids).every((id, index) => memberOf(found[index], 'Id') === id);
}
