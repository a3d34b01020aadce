import { type FlagTable, readFlag } from '../invocation/flag-reader.ts';

/** The flags that take a value, for the Compose verbs whose arguments the plugin parses. */
const valuedFlags: Readonly<Record<string, readonly string[]>> = {
  up: [
    ...[
      '--attach',
      '--exit-code-from',
      '--no-attach',
      '--provider',
      '--pull',
      '--scale',
      '--timeout',
      '-t',
      '--wait-timeout',
    ],
  ],
  create: ['--provider', '--pull', '--scale'],
  build: [
    '--build-arg',
    '--builder',
    '--memory',
    '-m',
    '--progress',
    '--provenance',
    '--provider',
    '--sbom',
    '--ssh',
  ],
  push: ['--provider'],
  restart: ['--timeout', '-t'],
  scale: [],
  exec: ['--env', '-e', '--index', '--user', '-u', '--workdir', '-w'],
  cp: ['--index'],
  top: [],
  start: ['--wait-timeout'],
  events: ['--since', '--until'],
  down: ['--rmi', '--timeout', '-t'],
  config: ['--format', '--hash', '--output', '-o'],
  logs: ['--index', '--since', '--tail', '-n', '--until'],
  ps: ['--filter', '--format', '--orphans', '--status'],
  run: [
    ...[
      '--cap-add',
      '--cap-drop',
      '--entrypoint',
      '--env',
      '-e',
      '--env-from-file',
      '--label',
      '-l',
      '--name',
    ],
    ...['--publish', '-p', '--pull', '--user', '-u', '--volume', '-v', '--workdir', '-w'],
  ],
  watch: [],
};

/** A verb's arguments taken apart. */
export interface VerbArguments {
  /** Flag (as written, long or short) -> its values; a flag without a value has the value ''. */
  flags: Map<string, string[]>;
  words: string[];
}

/**
 * Parses a Compose verb's arguments. The flags of `run` and `exec` end at the service; the command follows.
 */
export function parseVerbArguments(verb: string, args: readonly string[]): VerbArguments {
  const table: FlagTable = { valued: valuedFlags[verb] ?? [], boolean: [] };
  const parsed: VerbArguments = { flags: new Map(), words: [] };
  const add = (name: string, value: string) => {
    parsed.flags.set(name, [...(parsed.flags.get(name) ?? []), value]);
  };
  let at = 0;
  while (at < args.length) {
    const word = args[at] ?? '';
    const flag = readFlag(args, at, table);
    if (flag !== undefined) {
      add(flag.name, flag.value ?? '');
      at += flag.raw.length;
    } else if (word === '--') {
      parsed.words.push(...args.slice(at + 1));
      break;
    } else if (word.startsWith('-') && word !== '-') {
      const equals = word.indexOf('=');
      add(equals < 0 ? word : word.slice(0, equals), equals < 0 ? '' : word.slice(equals + 1));
      at += 1;
    } else {
      parsed.words.push(word);
      at += 1;
      if (verb === 'run' || verb === 'exec') {
        parsed.words.push(...args.slice(at));
        break;
      }
    }
  }
  return parsed;
}

/** The arguments without the named flags (of the same verb). */
export function withoutFlags(verb: string, args: readonly string[], names: readonly string[]): string[] {
  const table: FlagTable = { valued: valuedFlags[verb] ?? [], boolean: [] };
  const kept: string[] = [];
  let at = 0;
  while (at < args.length) {
    const word = args[at] ?? '';
    if (word === '--') return [...kept, ...args.slice(at)];
    const flag = readFlag(args, at, table);
    const raw = flag?.raw ?? [word];
    if (!names.includes(flag?.name ?? word.replace(/=.*/s, ''))) kept.push(...raw);
    at += raw.length;
  }
  return kept;
}
