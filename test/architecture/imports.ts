import { repositoryFiles } from '../lib/repository-files.ts';
import { houses } from './rooms.ts';
import { statementsOf } from './statements.ts';

/** Files that only tests and benchmarks need; they may import from anywhere. */
const forTests = /(\.test\.ts|-testbed\.ts|-testbed\/|\/testing\/|^test\/|^bench\/)/;

export interface Import {
  readonly from: string;
  readonly to: string;
}

/** The room that a file is in: a folder at the top, or one below a house. */
export function roomOf(file: string): string {
  const [top = '', second = '', third] = file.split('/');
  return houses.includes(top) && third !== undefined ? `${top}/${second}` : top;
}

/** Every import between the product's own TypeScript files: of values, of types and at run time. */
export function readImports(): Import[] {
  return houses
    .flatMap(repositoryFiles)
    .filter((file) => file.endsWith('.ts') && !forTests.test(file))
    .flatMap((from) => statementsOf(from).map(({ to }) => ({ from, to })))
    .filter(({ to }) => to.endsWith('.ts'));
}

/** The files of a circle of imports, the first one again at the end; undefined: there is none. */
export function circleIn(imports: readonly Import[]): string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return undefined;
    for (const next of targets.get(file) ?? []) {
      const circle = visit(next, [...path, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
