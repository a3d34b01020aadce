import { type Flag, type FlagTable, readFlag } from './flag-reader.ts';

/** Flags of `docker` itself; docker leaves them in the plugin's arguments, before or after its name. */
const dockerFlags: FlagTable = {
  valued: [
    '--config',
    '--context',
    '-c',
    '--host',
    '-H',
    '--log-level',
    '-l',
    '--tlscacert',
    '--tlscert',
    '--tlskey',
  ],
  boolean: ['--debug', '-D', '--tls', '--tlsverify'],
  aliases: { '-c': '--context', '-H': '--host', '-l': '--log-level', '-D': '--debug' },
};

/** Flags of `docker compose` that come before its verb. */
const composeFlags: FlagTable = {
  valued: [
    ...[
      '--file',
      '-f',
      '--project-name',
      '-p',
      '--profile',
      '--env-file',
      '--project-directory',
      '--workdir',
    ],
    ...['--ansi', '--parallel', '--progress', '--insecure-registry'],
  ],
  boolean: ['--all-resources', '--compatibility', '--dry-run', '--no-ansi', '--verbose'],
  aliases: { '-f': '--file', '-p': '--project-name' },
};

/** The parsed command line of the user. */
export interface Invocation {
  /** Global docker flags, to be replayed on every child docker. */
  docker: string[];
  /** Value of `--context`, where it was given. */
  context: string | undefined;
  /** Compose's flags before the verb except `-f`, to be replayed. */
  compose: string[];
  files: string[];
  projectName: string | undefined;
  projectDirectory: string | undefined;
  envFiles: string[];
  help: boolean;
  /** Whether the shell's completion calls. The last word is then unfinished. */
  completion: boolean;
  verb: string | undefined;
  args: string[];
}

/** Sorts the plugin's arguments, as docker passes them: `[docker flags] boxer [compose flags] verb args`. */
export function parseInvocation(argv: readonly string[]): Invocation {
  const found: Invocation = {
    docker: [],
    context: undefined,
    compose: [],
    files: [],
    projectName: undefined,
    projectDirectory: undefined,
    envFiles: [],
    help: false,
    completion: false,
    verb: undefined,
    args: [],
  };
  let at = 0;
  let inPlugin = false;
  while (at < argv.length) {
    const word = argv[at] ?? '';
    const docker = readFlag(argv, at, dockerFlags);
    const compose = docker === undefined && inPlugin ? readFlag(argv, at, composeFlags) : undefined;
    if (docker !== undefined) {
      takeDockerFlag(found, docker);
      at += docker.raw.length;
    } else if (compose !== undefined) {
      takeComposeFlag(found, compose);
      at += compose.raw.length;
    } else if (!inPlugin && (word === '__complete' || word === '__completeNoDesc')) {
      found.completion = true;
      at += 1;
    } else if (word === 'help') {
      found.help = true;
      at += 1;
    } else if (!inPlugin && word === 'boxer') {
      inPlugin = true;
      at += 1;
    } else if (word === '--help' || word === '-h') {
      found.help = true;
      at += 1;
    } else {
      found.verb = word === '--version' || word === '-v' ? 'version' : word;
      found.args = argv.slice(at + 1);
      break;
    }
  }
  return found;
}

function takeDockerFlag(found: Invocation, flag: Flag): void {
  found.docker.push(...flag.raw);
  if (flag.name === '--context') found.context = flag.value;
}

function takeComposeFlag(found: Invocation, flag: Flag): void {
  const value = flag.value ?? '';
  if (flag.name === '--file') {
    found.files.push(value);
    return;
  }
  found.compose.push(...flag.raw);
  if (flag.name === '--project-name') found.projectName = value;
  if (flag.name === '--project-directory' || flag.name === '--workdir') found.projectDirectory = value;
  if (flag.name === '--env-file') found.envFiles.push(value);
}
