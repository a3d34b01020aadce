import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { messageOf } from '../../supervisor/published/message-of.ts';

/**
 * Arguments of a verb that is Boxer's own.
 * @throws BoxerError USAGE for a flag that it does not have
 */
export function ownArguments<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new BoxerError('USAGE', messageOf(cause), { cause });
  }
}

/** Flags that say where functions run and how the answer is printed. */
export const planOptions = {
  json: { type: 'boolean' },
  provider: { type: 'string' },
} as const;
