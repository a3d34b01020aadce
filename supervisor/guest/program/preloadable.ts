import { remappedPath } from '../../files/remapped-path.ts';
import { findUnseen } from './unseen.ts';

interface Start {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Visible path -> real path */
  readonly remap?: Readonly<Record<string, string>>;
}

/**
 * The environment for a guest's first program. For a program of another word size or machine, the process
 * monitor (the last entry of LD_PRELOAD) is left out, because the program's loader would print a line about
 * it.
 */
export function preloadableEnvironment(start: Start): Record<string, string> {
  const { LD_PRELOAD: preload = '', ...others } = start.environment;
  const unseen = findUnseen(start.argv[0] ?? '', {
    path: start.environment.PATH,
    workingDirectory: start.workingDirectory,
    real: (path) => remappedPath(path, start.remap ?? {}),
  });
  if (!unseen?.foreign) return { ...start.environment };
  const end = preload.lastIndexOf(':');
  return end < 0 ? others : { ...others, LD_PRELOAD: preload.slice(0, end) };
}
