import { loadRuntime, type Runtime } from '../node/runtime.ts';
import { messageOf } from '../published/message-of.ts';
import { createRuntimeApi } from './runtime-api.ts';

/**
 * Loads the runtime as `loadRuntime` does. An error is also reported to the Runtime API at `authority`, which
 * passes it on to whoever invoked the function.
 */
export async function loadFunctionRuntime(directory: string, authority: string): Promise<Runtime> {
  try {
    return loadRuntime(directory);
  } catch (error) {
    const message = messageOf(error);
    // The process ends with this error anyway, so a failure to report it is ignored.
    await createRuntimeApi(authority)
      .failInit('Runtime.InitFailed', message)
      .catch(() => undefined);
    throw error;
  }
}
