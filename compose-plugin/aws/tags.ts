import { boxerVersion } from '../report/boxer-version.ts';

/** The tags of every resource in the account. Functions have the tag `boxer:service` as well. */
export const tagsOf = (project: string, root: string): Record<string, string> => ({
  'boxer:project': project,
  'boxer:version': boxerVersion(root),
});
