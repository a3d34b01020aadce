import type { WantedFunction } from '../wanted.ts';
import type { FunctionState } from './state.ts';

/** One property of a function that differs from the wanted value. */
export interface Difference {
  what: 'image' | 'memory' | 'timeout' | 'storage' | 'architecture' | 'role' | 'concurrency' | 'retries';
  from: string;
  to: string;
}

/**
 * Lists the differences between a function and the function that the project wants.
 * @param imageUri URI with digest; undefined: the image is not pushed yet, so the function's image differs
 */
export function differences(
  wanted: WantedFunction,
  state: FunctionState,
  imageUri: string | undefined,
): Difference[] {
  const none = (value: number | undefined) => (value === undefined ? 'none' : String(value));
  const pairs: [Difference['what'], string, string][] = [
    ['image', shortImage(state.imageUri), imageUri === undefined ? 'the new twin' : shortImage(imageUri)],
    ['memory', `${state.memorySize} MB`, `${wanted.memorySize} MB`],
    ['timeout', `${state.timeout} s`, `${wanted.timeout} s`],
    ['storage', `${state.ephemeralStorage} MB`, `${wanted.ephemeralStorage} MB`],
    ['architecture', state.architecture, wanted.architecture],
    ['role', state.role, wanted.role ?? state.role],
    ['concurrency', none(state.concurrency), none(wanted.concurrency)],
    ['retries', String(state.retries ?? 2), '0'],
  ];
  return pairs.filter(([, from, to]) => from !== to).map(([what, from, to]) => ({ what, from, to }));
}

/** Shortens a URI to `sha256:0123456789ab`, which is enough to tell two images apart. */
function shortImage(uri: string): string {
  const digest = /@(sha256:[0-9a-f]{12})/.exec(uri)?.[1];
  return digest ?? uri;
}
