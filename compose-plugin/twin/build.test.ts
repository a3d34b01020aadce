import { expect, test } from '@jest/globals';
import { isTwinOf } from './build.ts';

test.each([
  ['boxer-twin/shop-api:0123456789ab', true],
  ['boxer/shop:0123456789ab', true],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/boxer/shop:api-0123456789ab', true],
  ['127.0.0.1:5000/boxer/shop:api-0123456789ab', true],
  ['boxer/other:api-0123456789ab', false],
  ['lambda-local/function:c44474038d45-f8ae3289d5e6', false],
  ['shop-api:latest', false],
  ['my/boxer-twin/shop-api:0123456789ab', false],
  ['', false],
])('%s is a name of a twin of the project: %s', (name, expected) => {
  expect(isTwinOf('shop', name)).toBe(expected);
});
