/** Jest over TypeScript ESM: esbuild strips the types, `tsc` checks them in script/test. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/script/jest-esbuild.mjs' },
  testSequencer: '<rootDir>/script/jest-sequencer.mjs',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/build/', '/samples/'],
  modulePathIgnorePatterns: ['<rootDir>/build/'],
  // For what hangs: a busy machine takes minutes for what takes seconds on an idle one.
  testTimeout: 180_000,
  // Docker and two cores: more workers only make every test slower.
  maxWorkers: 2,
};
