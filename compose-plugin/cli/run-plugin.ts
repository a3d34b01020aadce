import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { parseInvocation } from '../invocation/invocation.ts';
import { cancellation } from './cancellation.ts';
import { makeContext } from './context.ts';
import { dispatch } from './dispatch.ts';

/**
 * Runs one `docker boxer ...` and gives its exit code. `argv` holds the arguments after the plugin's path.
 */
export async function runPlugin(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  root: string,
): Promise<number> {
  try {
    const invocation = parseInvocation(argv);
    return await dispatch(makeContext(invocation, env, cwd, root, cancellation(env)));
  } catch (error) {
    if (!(error instanceof BoxerError)) throw error;
    if (error.code === 'CANCELLED') return 130;
    process.stderr.write(
      `docker boxer: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`,
    );
    return 1;
  }
}
