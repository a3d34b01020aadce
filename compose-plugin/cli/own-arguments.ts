import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { messageOf } from '../../supervisor/published/message-of.ts';

/**
 * Parses the arguments of a verb that only Boxer has.
 * @throws BoxerError USAGE for an unknown flag
 */
export function ownArguments<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new BoxerError('USAGE', messageOf(cause), { cause });
  }
}

/** The flags for the provider and the output format. */
export const planOptions = {
  json: { type: 'boolean' },
  provider: { type: 'string' },
} as const;
