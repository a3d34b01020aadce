import { invalidParameter } from '../base/lambda-error.ts';
import { argvOf, revise } from '../functions/function-config.ts';
import { type FunctionImage, findImage } from '../images/function-image.ts';
import type { ApiContext } from './api-context.ts';
import { type Handler, inputOf } from './call.ts';
import { describe } from './describe.ts';
import { createInput } from './schema.ts';

export const createFunction =
  (context: ApiContext): Handler =>
  async (call) => {
    const input = await inputOf(call, createInput);
    const image = await findImage(context.engine, input.Code.ImageUri);
    checkArchitecture(image, input.Architectures?.[0] ?? image.architecture);
    const config = revise({
      name: input.FunctionName,
      role: input.Role,
      description: input.Description ?? '',
      timeout: input.Timeout ?? 3,
      memorySize: input.MemorySize ?? 128,
      ephemeralStorage: input.EphemeralStorage?.Size ?? 512,
      variables: input.Environment?.Variables ?? {},
      imageUri: input.Code.ImageUri,
      image,
      entryPoint: input.ImageConfig?.EntryPoint,
      command: input.ImageConfig?.Command,
      workingDirectory: input.ImageConfig?.WorkingDirectory,
    });
    if (argvOf(config).length === 0) {
      throw invalidParameter(
        `The image ${config.imageUri} has neither ENTRYPOINT nor CMD, and ImageConfig sets none.`,
      );
    }
    const held = await context.images.hold(image);
    try {
      const record = context.functions.create(config, input.Tags ?? {});
      return { status: 201, body: describe(context.home, record) };
    } finally {
      // From here on the function holds the image.
      held.release();
    }
  };

/**
 * Throws InvalidParameterValueException for an image of another architecture, which otherwise would only fail
 * when it is invoked.
 */
export function checkArchitecture(image: FunctionImage, wanted: string): void {
  if (image.architecture === wanted) return;
  throw invalidParameter(
    `The image is built for ${image.architecture}, the function is to run on ${wanted}.`,
  );
}
