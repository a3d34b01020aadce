import { remappedPath } from '../../files/remapped-path.ts';
import { findUnseen, type Unseen } from './unseen.ts';

/** A guest that is about to start. */
interface Start {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Visible path -> real path */
  readonly remap: Readonly<Record<string, string>>;
  readonly isFunction: boolean;
  /** CIDR */
  readonly overlay: string;
}

/** The consequences for a program without the process monitor, as the user is told. */
export function unseenWarning({ file, because }: Unseen, { isFunction, overlay }: Start): string {
  const what = `warning: ${file} ${because}, so the process monitor does not see its calls:`;
  return isFunction
    ? `${what} it can be reached, but from inside a function it cannot connect to other services, and does not find secrets, configs, read-only binds and tmpfs at their paths; use x-boxer: container, or a dynamically linked build`
    : `${what} it sees Docker's addresses instead of the overlay's and cannot connect to ${overlay}; the names of the project's services work`;
}

/**
 * Warns once if the process monitor will not see the guest's first program. Nothing is known of programs that
 * are started later.
 */
export function warnIfUnseen(start: Start, say: (line: string) => void): void {
  const unseen = findUnseen(start.argv[0] ?? '', {
    path: start.environment.PATH,
    workingDirectory: start.workingDirectory,
    real: (path) => remappedPath(path, start.remap),
  });
  if (unseen) say(unseenWarning(unseen, start));
}
