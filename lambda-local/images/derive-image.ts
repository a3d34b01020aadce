import * as z from 'zod/mini';
import { invalidParameter } from '../base/lambda-error.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { tarOf } from './tar.ts';

/** An image to make from another image and a folder of a third. */
export interface Derivation {
  /** `sha256:<hex>` */
  readonly Base: string;
  readonly Layer: { readonly ImageUri: string; readonly Path: string };
  readonly EntryPoint: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  /** The name of the new image. */
  readonly ImageUri: string;
}

/**
 * Makes the image unless an image of that name exists. Rejects with InvalidParameterValueException and the
 * builder's message.
 */
export type DeriveImage = (wanted: Derivation) => Promise<void>;

const progress = z.looseObject({ error: z.optional(z.string()) });

/** Callers that want the same image at the same time wait for one build. */
export function createDeriveImage(engine: Engine): DeriveImage {
  const building = new Map<string, Promise<void>>();
  return (wanted) => {
    const name = wanted.ImageUri;
    const found = building.get(name) ?? derive(engine, wanted).finally(() => building.delete(name));
    building.set(name, found);
    return found;
  };
}

async function derive(engine: Engine, wanted: Derivation): Promise<void> {
  if (await isThere(engine, wanted.ImageUri)) return;
  const { Base, Layer, EntryPoint, Labels, ImageUri } = wanted;
  const dockerfile = [
    `FROM ${Base}`,
    `COPY --from=${Layer.ImageUri} ${Layer.Path} ${Layer.Path}`,
    `ENTRYPOINT ${JSON.stringify(EntryPoint)}`,
    '',
  ].join('\n');
  const query = new URLSearchParams({ t: ImageUri, labels: JSON.stringify(Labels), rm: '1', forcerm: '1' });
  const said = await engine.build(`/build?${query}`, tarOf('Dockerfile', Buffer.from(dockerfile)));
  for (const line of said.split('\n').filter((text) => text.trim() !== '')) {
    const { data } = progress.safeParse(JSON.parse(line));
    if (data?.error !== undefined) throw invalidParameter(`${ImageUri} cannot be made: ${data.error}`);
  }
}

async function isThere(engine: Engine, uri: string): Promise<boolean> {
  try {
    await engine.call('GET', `/images/${encodeURI(uri)}/json`);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false;
    throw error;
  }
}
