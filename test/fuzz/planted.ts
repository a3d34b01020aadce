import type { Target } from './targets.ts';

/**
 * A reader with a fault that chance alone hardly finds: each step shows only to who has taken the one before.
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
