import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod/mini';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import type { Context } from './context.ts';

const packageFile = z.object({ version: z.string() });

/** Version of Boxer by its package.json. */
export const boxerVersion = (root: string): string =>
  packageFile.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).version;

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
    throw new BoxerError('USAGE', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
