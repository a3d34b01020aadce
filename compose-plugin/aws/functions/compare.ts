import type { WantedFunction } from '../wanted.ts';
import type { FunctionState } from './state.ts';

/** One thing that is not as it is wanted, whoever changed it. */
export interface Difference {
  what: 'image' | 'memory' | 'timeout' | 'storage' | 'architecture' | 'role' | 'concurrency' | 'retries';
  from: string;
  to: string;
}

/**
 * Differences between a function and what the project wants.
 * @param imageUri by digest; undefined: the image is not pushed yet, and so another one
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

/** `...@sha256:0123456789ab`: enough to tell two apart. */
function shortImage(uri: string): string {
  const digest = /@(sha256:[0-9a-f]{12})/.exec(uri)?.[1];
  return digest ?? uri;
}
