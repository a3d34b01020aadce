import { randomUUID } from 'node:crypto';
import type { FunctionImage } from '../images/function-image.ts';

/** One version of a function as it was configured. */
export interface FunctionConfig {
  readonly name: string;
  readonly role: string;
  readonly description: string;
  /** seconds */
  readonly timeout: number;
  /** MB */
  readonly memorySize: number;
  /** MB of /tmp */
  readonly ephemeralStorage: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly imageUri: string;
  readonly image: FunctionImage;
  readonly entryPoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly workingDirectory: string | undefined;
  readonly revisionId: string;
  readonly lastModified: Date;
}

/** `config` with `changes`, as a new revision. */
export function revise(
  config: Omit<FunctionConfig, 'revisionId' | 'lastModified'>,
  changes: Partial<FunctionConfig> = {},
): FunctionConfig {
  return { ...config, ...changes, revisionId: randomUUID(), lastModified: new Date() };
}

/** The command line of a sandbox: that of ImageConfig, else that of the image, combined by Docker's rules. */
export function argvOf(config: FunctionConfig): string[] {
  const entryPoint = config.entryPoint ?? config.image.entryPoint;
  // Another entrypoint makes the image's command meaningless.
  const command = config.command ?? (config.entryPoint === undefined ? config.image.command : []);
  return [...entryPoint, ...command];
}
