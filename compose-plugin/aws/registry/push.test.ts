import { expect, test } from '@jest/globals';
import { checkSize } from './push.ts';

test('an image whose unpacked size is above the limit of Lambda is refused', () => {
  expect(() => checkSize('worker', 10 * 2 ** 30)).not.toThrow();
  expect(() => checkSize('worker', 10 * 2 ** 30 + 1)).toThrow(
    'service "worker": its image with the runtime takes 10.0 GB unpacked, and Lambda takes at most 10 GB',
  );
});
