import { relative, resolve } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { locate } from './locate.ts';
import { type Problem, subject } from './problem.ts';
import { isRemote, type Project } from './project.ts';

const MAX_SHOWN = 20;

/** `compose.yaml:7: service "worker": x-boxer.memory: must be ...` for every problem, in one error. */
export function problemsError(problems: readonly Problem[], project: Project, cwd: string): BoxerError {
  const files = project.files
    .filter((file) => file !== '-' && !isRemote(file))
    .map((file) => resolve(cwd, file));
  const [first] = problems;
  const describe = ({ path, message }: Problem) => {
    const place = locate(files, path);
    const at = place === undefined ? '' : `${relative(cwd, place.file) || place.file}:${place.line}: `;
    return `${at}${subject(path)}: ${message}`;
  };
  if (problems.length === 1 && first !== undefined) {
    return new BoxerError('INVALID', describe(first), first.hint === undefined ? {} : { hint: first.hint });
  }
  const lines = problems
    .slice(0, MAX_SHOWN)
    .map((problem) => `  ${describe(problem)}${problem.hint === undefined ? '' : `\n    ${problem.hint}`}`);
  if (problems.length > MAX_SHOWN) lines.push(`  and ${problems.length - MAX_SHOWN} more`);
  return new BoxerError('INVALID', `${problems.length} problems in the project:\n${lines.join('\n')}`);
}
