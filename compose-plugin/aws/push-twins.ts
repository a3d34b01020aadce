import type { ReadProject } from '../project/project-data.ts';
import type { Work } from '../project/work.ts';
import { connectAws } from './connect.ts';
import { publish } from './publish.ts';
import { readAccount } from './read-account.ts';
import { scopeOf } from './scope.ts';
import { tagsOf } from './tags.ts';
import { wantedFunctions } from './wanted.ts';

/**
 * Builds and pushes the twins of the selected services. Functions stay unchanged.
 * @returns service -> image URI with digest
 */
export async function pushTwins(context: Work, project: ReadProject): Promise<Map<string, string>> {
  const { model, annotations, boxed, selected } = project;
  const settings = annotations.project;
  const here = boxed.filter(({ name }) => selected.has(name));
  const wanted = wantedFunctions(model, here, settings);
  if (wanted.length === 0) return new Map();
  const aws = await connectAws(context.engine, settings.region, scopeOf(model.name, wanted));
  const { images } = await readAccount(aws, []);
  return publish(context, aws, { ...project, boxed: here }, wanted, images, tagsOf(model.name, context.root));
}
