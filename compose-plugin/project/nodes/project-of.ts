import { readModel } from '../../compose/read-model.ts';
import { standingName } from '../../compose/standing-name.ts';
import type { Work } from '../work.ts';

/** The project's name. The model knows it best; a broken one must not keep anybody from seeing what runs. */
export async function projectOf(context: Work): Promise<string> {
  const given = context.invocation.projectName;
  if (given !== undefined) return given;
  try {
    return (await readModel(context.engine, context.invocation, context.project)).model.name;
  } catch {
    return standingName(context);
  }
}
