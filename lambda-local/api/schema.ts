import * as z from 'zod/mini';
import { RESERVED_VARIABLES } from '../sandbox/lambda-environment.ts';
import { FUNCTION_NAME } from './function-name.ts';

/** The most bytes of all configured variables together, as JSON. */
const MOST_VARIABLES = 4096;

const integer = (from: number, to: number) => z.number().check(z.int(), z.gte(from), z.lte(to));

const variables = z.record(z.string().check(z.regex(/^[a-zA-Z]\w+$/)), z.string()).check(
  z.refine((given) => Buffer.byteLength(JSON.stringify(given)) <= MOST_VARIABLES, {
    error: 'the environment variables you have provided exceeded the 4KB limit',
  }),
  z.refine((given) => !Object.keys(given).some((name) => RESERVED_VARIABLES.has(name)), {
    error: 'Reserved keys used in this request',
  }),
);

/** What both creating and updating a function's configuration take; other members of AWS's are ignored. */
const configuration = {
  Description: z.optional(z.string().check(z.maxLength(256))),
  /** seconds */
  Timeout: z.optional(integer(1, 900)),
  /** MB */
  MemorySize: z.optional(integer(128, 10_240)),
  EphemeralStorage: z.optional(z.object({ Size: integer(512, 10_240) })),
  Environment: z.optional(z.object({ Variables: z.optional(variables) })),
  ImageConfig: z.optional(
    z.object({
      EntryPoint: z.optional(z.array(z.string()).check(z.maxLength(1500))),
      Command: z.optional(z.array(z.string()).check(z.maxLength(1500))),
      WorkingDirectory: z.optional(z.string().check(z.maxLength(1000))),
    }),
  ),
};
const role = z.string().check(z.regex(/^arn:aws[\w-]*:iam::\d{12}:role\/?[\w+=,.@/-]+$/));
const architectures = z.optional(z.array(z.enum(['x86_64', 'arm64'])).check(z.length(1)));

export type ConfigurationInput = z.infer<typeof updateConfigurationInput>;

export const createInput = z.object({
  ...configuration,
  FunctionName: z.string().check(z.regex(FUNCTION_NAME)),
  Role: role,
  PackageType: z.literal('Image', { error: "only PackageType 'Image' is supported" }),
  Code: z.object({ ImageUri: z.string().check(z.minLength(1)) }),
  Architectures: architectures,
  Tags: z.optional(z.record(z.string(), z.string())),
});

export const updateConfigurationInput = z.object({
  ...configuration,
  Role: z.optional(role),
  RevisionId: z.optional(z.string()),
});

export const updateCodeInput = z.object({
  ImageUri: z.string().check(z.minLength(1)),
  Architectures: architectures,
  RevisionId: z.optional(z.string()),
  DryRun: z.optional(z.boolean()),
});

export const eventConfigInput = z.object({
  MaximumRetryAttempts: z.optional(z.nullable(integer(0, 2))),
  MaximumEventAgeInSeconds: z.optional(z.nullable(integer(60, 21_600))),
});

export const concurrencyInput = z.object({
  ReservedConcurrentExecutions: z.number().check(z.int(), z.gte(0)),
});
export const tagsInput = z.object({ Tags: z.record(z.string(), z.string()) });

/** A word that is written into a Dockerfile, so it must not contain a line end. */
const word = (pattern: RegExp) => z.string().check(z.maxLength(512), z.regex(pattern));
const imageUri = word(/^[a-z0-9][\w./:@-]*$/i);

export const deriveInput = z.object({
  Base: word(/^sha256:[0-9a-f]{64}$/),
  Layer: z.object({ ImageUri: imageUri, Path: word(/^(\/[\w.-]+)+$/) }),
  EntryPoint: z.array(z.string()).check(z.minLength(1)),
  Labels: z.record(z.string(), z.string()),
  ImageUri: imageUri,
});
