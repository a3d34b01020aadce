import { parseArgs } from 'node:util';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { messageOf } from '../../supervisor/published/message-of.ts';
import { boxerVersion } from '../report/boxer-version.ts';
import type { Context } from './context.ts';

/** `version [--short] [--format json]` */
export async function version({ invocation, root, print }: Context): Promise<number> {
  const options = { short: { type: 'boolean' }, format: { type: 'string', short: 'f' } } as const;
  try {
    const { values } = parseArgs({ args: invocation.args, options });
    const found = boxerVersion(root);
    print(
      values.format === 'json'
        ? JSON.stringify({ version: found })
        : values.short
          ? found
          : `Boxer version ${found}`,
    );
    return 0;
  } catch (cause) {
    throw new BoxerError('USAGE', messageOf(cause), { cause });
  }
}
