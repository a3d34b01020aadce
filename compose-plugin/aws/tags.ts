import { boxerVersion } from '../report/boxer-version.ts';

/** Tags of everything that is made in the account; functions have `boxer:service` as well. */
export const tagsOf = (project: string, root: string): Record<string, string> => ({
  'boxer:project': project,
  'boxer:version': boxerVersion(root),
});
