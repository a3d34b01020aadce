import type { Rooms } from './rooms.ts';

/** The rooms of the local Lambda, which imports nothing of Boxer's. */
export const lambdaLocal: Rooms = {
  'lambda-local': [
    'lambda-local/api',
    'lambda-local/base',
    'lambda-local/engine',
    'lambda-local/environment',
    'lambda-local/functions',
    'lambda-local/images',
    'lambda-local/invoke',
    'lambda-local/nat',
    'lambda-local/runtime-api',
    'lambda-local/sandbox',
  ],
  'lambda-local/api': [
    'lambda-local/base',
    'lambda-local/engine',
    'lambda-local/functions',
    'lambda-local/images',
    'lambda-local/invoke',
    'lambda-local/sandbox',
  ],
  'lambda-local/invoke': [
    'lambda-local/base',
    'lambda-local/environment',
    'lambda-local/functions',
    'lambda-local/runtime-api',
  ],
  'lambda-local/functions': ['lambda-local/base', 'lambda-local/environment', 'lambda-local/images'],
  'lambda-local/environment': ['lambda-local/base', 'lambda-local/runtime-api', 'lambda-local/sandbox'],
  'lambda-local/images': ['lambda-local/base', 'lambda-local/engine', 'lambda-local/sandbox'],
  'lambda-local/sandbox': ['lambda-local/base', 'lambda-local/engine', 'lambda-local/nat'],
  'lambda-local/nat': ['lambda-local/base', 'lambda-local/engine'],
  'lambda-local/runtime-api': ['lambda-local/base'],
  'lambda-local/base': [],
  'lambda-local/engine': [],
};
