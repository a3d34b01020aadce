import type { Purpose } from './purpose.ts';

const noWishes = { build: undefined, pull: undefined, quietPull: false, quietBuild: false };

/** The purpose of a verb that starts these services and has no flags for images that matter here. */
export const startPurpose = (services: readonly string[], withDependencies: boolean): Purpose => ({
  services,
  withDependencies,
  kind: 'start',
  policy: noWishes,
});

/** The purpose of a verb that only plans. */
export const planPurpose = (services: readonly string[]): Purpose => ({
  services,
  withDependencies: true,
  kind: 'plan',
  policy: noWishes,
});

/** The purpose of `config`, which also works before the first build. */
export const previewPurpose = (services: readonly string[]): Purpose => ({
  ...showPurpose(services),
  kind: 'preview',
});

/** The purpose of a verb that only shows or writes the rewritten model. */
export const showPurpose = (services: readonly string[]): Purpose => ({
  services,
  withDependencies: true,
  kind: 'show',
  policy: noWishes,
});
