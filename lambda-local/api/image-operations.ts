import { imageOfContainer } from '../images/container-image.ts';
import type { ApiContext } from './api-context.ts';
import { type Handler, inputOf } from './call.ts';
import { deriveInput } from './schema.ts';

/** This Lambda's own: what a container on this Engine was made from. */
export const getContainerImage =
  (context: ApiContext): Handler =>
  async (call) => ({ status: 200, body: await imageOfContainer(context.engine, call.resource) });

/** This Lambda's own: makes a function's image of an image on this Engine. */
export const deriveImage =
  (context: ApiContext): Handler =>
  async (call) => {
    const wanted = await inputOf(call, deriveInput);
    await context.deriveImage(wanted);
    return { status: 201, body: { ImageUri: wanted.ImageUri } };
  };
