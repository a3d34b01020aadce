import { readModel } from '../../compose/read-model.ts';
import { standingName } from '../../compose/standing-name.ts';
import { hasIntactOverride } from '../../compose/standing-override.ts';
import { isNotedName } from '../noted-name.ts';
import type { Work } from '../work.ts';

/** The project's name in the model. With a broken model, the name comes from the containers or the folder. */
export async function projectOf(context: Work): Promise<string> {
  const { engine, invocation, project, cwd } = context;
  if (invocation.projectName !== undefined) return invocation.projectName;
  if (isNotedName(project) && hasIntactOverride(project, cwd)) return project.name;
  try {
    return (await readModel(engine, invocation, project)).model.name;
  } catch {
    return standingName(context);
  }
}
