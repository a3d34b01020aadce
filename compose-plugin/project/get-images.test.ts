import { expect, test } from '@jest/globals';
import { oncePerImage } from './get-images.ts';

test('oncePerImage() keeps one service of those that build an image in the same way', () => {
  const build = { context: '/p' };
  const services = {
    web: { image: 'my/app', build },
    worker: { image: 'my/app', build: { ...build } },
    debug: { image: 'my/app', build: { ...build, target: 'debug' } },
    other: { build },
    twin: { build },
  };
  expect(oncePerImage({ name: 'p', services }, Object.keys(services))).toEqual([
    'web',
    'debug',
    'other',
    'twin',
  ]);
});
