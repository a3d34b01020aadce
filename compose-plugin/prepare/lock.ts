import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { makeStateFolder } from '../compose/make-state-folder.ts';
import type { Project } from '../compose/project.ts';
import { errorCode } from '../engine/error-code.ts';

/** The owner of a lock. The lock file holds `pid start-time verb`. */
interface Owner {
  pid: number;
  started: string;
  verb: string;
}

/**
 * The lock to take. `change`: a call changes the project. `up`: an `up` runs. An attached `up` can run for
 * long; other verbs may change the project meanwhile, but a second `up` may not.
 */
export type LockName = 'change' | 'up';

/**
 * Runs `work` while holding the lock. The lock of a process that no longer exists is taken over.
 * @throws BoxerError BUSY, naming the owner
 */
export async function withLock<T>(
  context: { project: Pick<Project, 'folder' | 'directory' | 'name'> },
  name: LockName,
  verb: string,
  work: () => Promise<T>,
): Promise<T> {
  const { folder } = context.project;
  const fresh = !existsSync(folder);
  makeStateFolder(context.project);
  const file = join(folder, `${name}.lock`);
  take(file, verb);
  let done = false;
  try {
    const result = await work();
    done = true;
    return result;
  } finally {
    rmSync(file, { force: true });
    // If the call made the state folder itself and was refused, it removes the folder again.
    if (!done && fresh && !existsSync(join(folder, 'override.yaml')) && !existsSync(join(folder, 'key'))) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function take(file: string, verb: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${process.pid} ${startTime(process.pid)} ${verb}\n`);
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      // link() makes the file appear with its whole content, so nobody reads half a lock.
      if (linked(draft, file)) return;
      const owner = readOwner(file);
      if (owner === undefined) continue;
      if (isAlive(owner)) throw busy(owner, file);
      rmSync(file, { force: true });
    }
    throw new BoxerError('BUSY', `the lock ${file} cannot be taken`, {
      hint: 'Delete the file if nothing runs.',
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    const [pid, started = '', verb = ''] = readFileSync(file, 'utf8').trim().split(' ');
    return { pid: Number(pid), started, verb };
  } catch {
    return undefined;
  }
}

const busy = (owner: Owner, file: string) =>
  new BoxerError('BUSY', `\`docker boxer ${owner.verb}\` (process ${owner.pid}) is at work in this project`, {
    hint: `Wait for it or stop it. If there is no such process on this machine, delete ${file}.`,
  });

function isAlive({ pid, started }: Owner): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== 'EPERM') return false;
  }
  return startTime(pid) === started;
}

/** The start time of a process, which tells it from a later process with the same pid; `-` if unknown. */
function startTime(pid: number): string {
  try {
    // The start time is the 22nd field. Fields are counted after the command's name, which may hold spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
  } catch {
    return '-';
  }
}
