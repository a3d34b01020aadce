import type { Target } from './targets.ts';

/**
 * A reader with a fault behind three nested conditions. Purely random inputs hardly ever meet all of them; an
 * input that meets one of them shows as new coverage.
 */
export const planted: Target = {
  run(input) {
    const digit = (at: number) => (input[at] ?? 0) >> 4;
    if (digit(0) !== 11) return;
    if (digit(1) !== 0) return;
    if (digit(2) === 14) throw new Error('found');
  },
  examples: [Buffer.from('....')],
  words: [],
};
