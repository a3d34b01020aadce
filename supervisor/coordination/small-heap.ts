import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8's young generation at the size that it begins with. A burst of joins would let it grow to 48 MB, as much as a thousand nodes
 * need, and it would stay so. Changes the process: to be called when all modules are loaded, whose byte code is bound to V8's flags.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
