import { loadRuntime, type Runtime } from '../runtime.ts';
import { createRuntimeApi } from './runtime-api.ts';

/** Like loadRuntime; where that throws, the Runtime API at `authority` is told why, and by it whoever invoked. */
export async function loadFunctionRuntime(directory: string, authority: string): Promise<Runtime> {
  try {
    return loadRuntime(directory);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The process ends with the same error: a Runtime API that takes no report only makes it less clear.
    await createRuntimeApi(authority)
      .failInit('Runtime.InitFailed', message)
      .catch(() => undefined);
    throw error;
  }
}
