import { imageOfContainer } from '../images/container-image.ts';
import type { ApiContext } from './api-context.ts';
import { type Handler, inputOf } from './call.ts';
import { deriveInput } from './schema.ts';

/** Not part of AWS's API: the image from which a container on this Engine was made. */
export const getContainerImage =
  (context: ApiContext): Handler =>
  async (call) => ({ status: 200, body: await imageOfContainer(context.engine, call.resource) });

/** Not part of AWS's API: makes a function's image from an image on this Engine. */
export const deriveImage =
  (context: ApiContext): Handler =>
  async (call) => {
    const wanted = await inputOf(call, deriveInput);
    await context.deriveImage(wanted);
    return { status: 201, body: { ImageUri: wanted.ImageUri } };
  };
