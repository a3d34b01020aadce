import type { Purpose } from '../prepare/prepare.ts';

/** The purpose of a verb that starts these services and has no flags for images that matter here. */
export const startPurpose = (services: readonly string[], withDependencies: boolean): Purpose => ({
  services,
  withDependencies,
  kind: 'start',
  policy: { build: undefined, pull: undefined, quietPull: false, quietBuild: false },
});
