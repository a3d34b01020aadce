import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

const packageFile = z.object({ version: z.string() });

/** Version of Boxer by its package.json. */
export const boxerVersion = (root: string): string =>
  packageFile.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).version;
