import { closeSync, fstatSync, openSync, readFileSync, readSync, type Stats } from 'node:fs';
import { parseElf } from './elf.ts';
import { findProgram, type SearchPlace } from './find-program.ts';

/** A program into which the process monitor is not loaded, or whose calls it does not see. */
export interface Unseen {
  readonly file: string;
  /** The cause, as the end of a sentence whose subject is the program. */
  readonly because: string;
  /**
   * Whether the program has another word size or machine, so that its loader cannot load the process monitor.
   */
  readonly foreign: boolean;
}

/** The kernel follows a chain of so many script interpreters. */
const MAX_SCRIPTS = 5;
const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

/** The words of a script's first line. Undefined for a file that is not a script. */
function interpreterOf(head: Buffer): string[] | undefined {
  const text = head.toString('latin1');
  if (!text.startsWith('#!')) return undefined;
  return (text.slice(2).split('\n', 1)[0] ?? '').trim().split(/[ \t]+/);
}

/** `#!/usr/bin/env [-S] [NAME=value] program` runs the program. */
function behindEnv([interpreter = '', ...rest]: readonly string[]): string {
  if (!/(^|\/)env$/.test(interpreter)) return interpreter;
  return rest.find((word) => !word.startsWith('-') && !word.includes('=')) ?? interpreter;
}

/**
 * Whether the program starts with privileges, so that LD_PRELOAD is ignored. Under no_new_privs, as in
 * functions, the set-user-ID and set-group-ID bits have no effect.
 */
function changesUser({ mode, uid, gid }: Stats): boolean {
  const changes =
    ((mode & SET_USER_ID) !== 0 && uid !== process.geteuid?.()) ||
    ((mode & SET_GROUP_ID) !== 0 && gid !== process.getegid?.());
  return changes && !/^NoNewPrivs:\t1$/m.test(readFileSync('/proc/self/status', 'latin1'));
}

interface Examined {
  readonly unseen?: Unseen;
  /** For a script: the program to examine next. */
  readonly interpreter?: string;
}

function examine(file: string): Examined {
  const fd = openSync(file, 'r');
  try {
    const read = (offset: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
    };
    const words = interpreterOf(read(0, 256));
    if (words) return { interpreter: behindEnv(words) };
    const elf = parseElf(read);
    if (!elf) return {};
    if (elf.go)
      return {
        unseen: { file, because: 'is a Go program, which makes its own system calls', foreign: false },
      };
    if (!elf.native)
      return { unseen: { file, because: 'is built for another machine than Boxer is', foreign: true } };
    if (!elf.dynamic) return { unseen: { file, because: 'is statically linked', foreign: false } };
    if (changesUser(fstatSync(fd)))
      return { unseen: { file, because: 'changes its user as it starts (set-user-id)', foreign: false } };
    return {};
  } finally {
    closeSync(fd);
  }
}

/**
 * Examines the program that `name` would start, and follows the interpreters of scripts. Undefined for
 * programs that the process monitor sees, and where that cannot be determined: if something is wrong with the
 * file, the error of starting it says so better.
 */
export function findUnseen(name: string, place: SearchPlace): Unseen | undefined {
  let next: string | undefined = name;
  try {
    for (let depth = 0; next !== undefined && depth <= MAX_SCRIPTS; depth++) {
      const file = findProgram(next, place);
      if (file === undefined) return undefined;
      const { unseen, interpreter }: Examined = examine(file);
      if (unseen) return unseen;
      next = interpreter;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
