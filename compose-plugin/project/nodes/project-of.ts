import { readModel } from '../../compose/read-model.ts';
import { standingName } from '../../compose/standing-name.ts';
import type { Work } from '../work.ts';

/** The project's name in the model. With a broken model, the name comes from the containers or the folder. */
export async function projectOf(context: Work): Promise<string> {
  const given = context.invocation.projectName;
  if (given !== undefined) return given;
  try {
    return (await readModel(context.engine, context.invocation, context.project)).model.name;
  } catch {
    return standingName(context);
  }
}
