import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger } from './log/logger.ts';
import { loadRuntime, readConfig, readKey, readStoreCredentials } from './node/runtime.ts';
import { BoxerError } from './published/boxer-error.ts';
import { messageOf } from './published/message-of.ts';
import { LOG_VARIABLE, nodeConfig, RELAY_SERVICE, relayConfig, seedConfig } from './published/node-config.ts';
import { VERSION } from './published/version.ts';

/** The bundle's own directory, `/opt/boxer/lib`: the native parts stand beside it. */
const DIRECTORY = dirname(fileURLToPath(import.meta.url));

/** Shorter than the time that Docker gives a container before it kills it. Seconds. */
const DRAIN = 5;

const USAGE = `usage: boxer node -- COMMAND...     run COMMAND here, as a node of the overlay
       boxer phantom -- COMMAND...  run COMMAND in this service's twin
       boxer seed                   coordinate the project's nodes
       boxer relay                  carry connections between nodes, beside the seed
       boxer nodes [--json|--watch] list the nodes (in the seed's container)
       boxer running                wait until the function of this phantom runs
       boxer twins                  make and delete functions, as standard input says
       boxer inspect                look at the image around, as standard input asks
       boxer probe                  have functions measure the place that they run in
       boxer version
Without a command, in an AWS Lambda environment: be a function.
`;

function say(line: string): void {
  process.stderr.write(`boxer: ${line}\n`);
}

/** What this process has to say beside its guest, in the form that the user asked for. */
const logOf = (role: string) => createLogger(process.env[LOG_VARIABLE], role);

function guestArgv(args: readonly string[]): readonly string[] {
  return args[0] === '--' ? args.slice(1) : args;
}

/** Aborts when the process is told to end. */
function endingSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

async function seed(): Promise<number> {
  const { runMeteredSeed } = await import('./seed/metrics/run-metered-seed.ts');
  const config = readConfig(seedConfig);
  const log = logOf('seed');
  const options = {
    config,
    projectKey: readKey(),
    credentials: readStoreCredentials(),
    addon: loadRuntime(DIRECTORY).addon,
    signal: endingSignal(),
    drain: (config.relay?.drain ?? DRAIN) * 1000,
    log,
  };
  await runMeteredSeed(options, log);
  return 0;
}

async function relay(): Promise<number> {
  const { runRelay } = await import('./standalone-relay/run-relay.ts');
  const { seedContact } = await import('./identity/seed-contact.ts');
  const { relay: settings } = readConfig(relayConfig);
  const key = readKey();
  await runRelay({
    contact: () => seedContact(RELAY_SERVICE, key),
    addon: loadRuntime(DIRECTORY).addon,
    settings,
    drain: (settings?.drain ?? DRAIN) * 1000,
    signal: endingSignal(),
    log: logOf('relay'),
  });
  return 0;
}

async function node(args: readonly string[]): Promise<number> {
  const { runContainer } = await import('./container/run-container.ts');
  const runtime = loadRuntime(DIRECTORY);
  return runContainer({
    config: readConfig(nodeConfig),
    argv: guestArgv(args),
    key: readKey(),
    runtime,
    log: logOf('node'),
  });
}

async function phantom(args: readonly string[]): Promise<number> {
  const { runPhantom } = await import('./phantom/run-phantom.ts');
  const log = logOf('phantom');
  const outcome = await runPhantom({
    config: readConfig(nodeConfig),
    argv: guestArgv(args),
    key: readKey(),
    addon: loadRuntime(DIRECTORY).addon,
    log,
  });
  if (outcome.lastLine) log.error(outcome.lastLine);
  return outcome.exitCode;
}

async function probe(): Promise<number> {
  const [{ runProbes }, { probeConfig }] = await Promise.all([
    import('./probe/run-probes.ts'),
    import('./published/probe.ts'),
  ]);
  const output = await runProbes({ config: readConfig(probeConfig), key: readKey(), signal: endingSignal() });
  process.stdout.write(`${JSON.stringify(output)}\n`);
  return output.functions.length === 0 ? 1 : 0;
}

/** Only ever ends by an error. */
async function lambdaFunction(authority: string): Promise<number> {
  const [{ runFunction }, { loadFunctionRuntime }] = await Promise.all([
    import('./function/run-function.ts'),
    import('./function/load-function-runtime.ts'),
  ]);
  return runFunction(await loadFunctionRuntime(DIRECTORY, authority), authority);
}

async function nodes(args: readonly string[]): Promise<number> {
  const { listNodes, streamNodes } = await import('./seed/admin/nodes-command.ts');
  const seed = { port: readConfig(seedConfig).port, projectKey: readKey() };
  return args.includes('--watch')
    ? streamNodes(seed)
    : listNodes({ ...seed, json: args.includes('--json'), pairs: args.includes('--pairs') });
}

async function twins(): Promise<number> {
  const { twinsCommand } = await import('./twins/twins-command.ts');
  return twinsCommand();
}

async function inspect(): Promise<number> {
  const { inspectCommand } = await import('./inspect/inspect-command.ts');
  return inspectCommand();
}

async function run(command: string | undefined, args: readonly string[]): Promise<number> {
  const authority = process.env.AWS_LAMBDA_RUNTIME_API;
  switch (command) {
    case 'seed':
      return seed();
    case 'relay':
      return relay();
    case 'node':
      return node(args);
    case 'phantom':
      return phantom(args);
    case 'probe':
      return probe();
    case 'nodes':
      return nodes(args);
    case 'twins':
      return twins();
    case 'inspect':
      return inspect();
    case 'version':
      process.stdout.write(`boxer ${VERSION}\n`);
      return 0;
    case undefined:
      if (authority) return lambdaFunction(authority);
      break;
  }
  process.stderr.write(USAGE);
  return 2;
}

async function main(): Promise<void> {
  const [command, ...args] = process.argv.slice(2);
  try {
    process.exitCode = await run(command, args);
  } catch (error) {
    say(messageOf(error));
    if (error instanceof BoxerError && error.hint) say(error.hint);
    process.exitCode = 125;
  }
  // Connections that are still being taken down must not hold the exit back.
  process.exit();
}

void main();
