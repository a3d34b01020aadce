import { LambdaError } from '../base/lambda-error.ts';
import { type FunctionConfig, revise } from '../functions/function-config.ts';
import type { FunctionRecord } from '../functions/function-record.ts';
import { findImage } from '../images/function-image.ts';
import { type ApiContext, recordOf } from './api-context.ts';
import { type Handler, inputOf } from './call.ts';
import { checkArchitecture } from './create-function.ts';
import { describe } from './describe.ts';
import { type ConfigurationInput, updateCodeInput, updateConfigurationInput } from './schema.ts';

export const updateFunctionCode =
  (context: ApiContext): Handler =>
  async (call) => {
    const input = await inputOf(call, updateCodeInput);
    const record = recordOf(context, call);
    checkRevision(record, input.RevisionId);
    const image = await findImage(context.engine, input.ImageUri);
    checkArchitecture(image, input.Architectures?.[0] ?? record.config.image.architecture);
    if (input.DryRun !== true) {
      const held = await context.images.hold(image);
      try {
        context.functions.update(record, revise(record.config, { image, imageUri: input.ImageUri }));
      } finally {
        held.release();
      }
    }
    return { status: 200, body: describe(context.home, record) };
  };

export const updateFunctionConfiguration =
  (context: ApiContext): Handler =>
  async (call) => {
    const input = await inputOf(call, updateConfigurationInput);
    const record = recordOf(context, call);
    checkRevision(record, input.RevisionId);
    context.functions.update(record, revise(record.config, changesOf(input)));
    return { status: 200, body: describe(context.home, record) };
  };

/**
 * The changes of an update: absent members stay unchanged; an ImageConfig replaces the old one completely.
 */
function changesOf(input: ConfigurationInput): Partial<FunctionConfig> {
  return {
    ...(input.Role !== undefined && { role: input.Role }),
    ...(input.Description !== undefined && { description: input.Description }),
    ...(input.Timeout !== undefined && { timeout: input.Timeout }),
    ...(input.MemorySize !== undefined && { memorySize: input.MemorySize }),
    ...(input.EphemeralStorage !== undefined && { ephemeralStorage: input.EphemeralStorage.Size }),
    ...(input.Environment !== undefined && { variables: input.Environment.Variables ?? {} }),
    ...(input.ImageConfig !== undefined && {
      entryPoint: input.ImageConfig.EntryPoint,
      command: input.ImageConfig.Command,
      workingDirectory: input.ImageConfig.WorkingDirectory,
    }),
  };
}

function checkRevision(record: FunctionRecord, revisionId: string | undefined): void {
  if (revisionId === undefined || revisionId === record.config.revisionId) return;
  throw new LambdaError(
    'PreconditionFailedException',
    412,
    'The RevisionId provided does not match the latest RevisionId.',
  );
}
